param([string] $Script)

BeforeAll {
    if ($Script) { . (Join-Path $PSScriptRoot $Script) }
    $segments = @(Get-TcpSegment)
    $fins = @($segments | Where-Object { $_.Flags.ToString() -match 'FIN' })
    $changes = @(Watch-TcpState -History)
    $ofClient = @($changes | Where-Object { $_.Host -eq 'client' })
    $ofServer = @($changes | Where-Object { $_.Host -eq 'server' -and $_.ConnectionId })
}

Describe 'The four-way close' {
    It 'takes the client through FinWait1, FinWait2 and TimeWait to Closed (P40)' {
        ($ofClient | Select-Object -Last 4).To | Should -Be 'FinWait1', 'FinWait2', 'TimeWait', 'Closed'
    }

    It 'takes the server through CloseWait and LastAck to Closed' {
        ($ofServer | Select-Object -Last 3).To | Should -Be 'CloseWait', 'LastAck', 'Closed'
    }

    It 'lets the server send while the client has closed (P43)' {
        $late = $segments | Where-Object { $_.From -eq 'server' -and $_.Length -gt 0 }
        $late | Should -Not -BeNullOrEmpty
        $late[0].Length | Should -Be 'one more thing'.Length
        $late[0].Number | Should -BeGreaterThan ($fins | Where-Object From -EQ client | Select-Object -First 1).Number
    }

    It 'loses the last ACK once, so that the FIN of the server is sent twice' {
        @($segments | Where-Object { $_.From -eq 'client' -and $_.Fate -eq 'Lost' }).Count | Should -Be 1
        @($fins | Where-Object From -EQ server).Count | Should -Be 2
    }

    It 'keeps the client in TIME-WAIT for 2 MSL after the second FIN (P45)' {
        $entered = ($ofClient | Where-Object To -EQ TimeWait).Time
        $left = ($ofClient | Where-Object From -EQ TimeWait).Time
        $left | Should -Not -BeNullOrEmpty
        $second = ($fins | Where-Object From -EQ server)[1].Arrived
        ($left - $second).TotalSeconds | Should -Be 60
        $timeWait | Should -Be ($left - $entered).TotalSeconds
    }
}
