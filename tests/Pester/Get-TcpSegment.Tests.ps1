BeforeAll {
    . $PSScriptRoot/Common.ps1
}

Describe 'Get-TcpSegment of conversations' {
    BeforeAll {
        $null = New-TcpNetwork
        $null = Add-TcpImpairment -Drop -DataOnly -Count 1
        1..3 | ForEach-Object { New-TcpConnection | Send-TcpData "hello $_" -PassThru | Close-TcpConnection }
        $path = Join-Path $TestDrive 'lab.pcapng'
        $other = Join-Path $TestDrive 'other.pcapng'
        Step-TcpNetwork -Idle
        Export-TcpCapture $path
        Copy-Item $path $other
        $whole = @(Get-TcpSegment -Path $path)

        function Get-Line($Segment) {
            $Segment | ForEach-Object { "$($_.Number) $($_.Stream) $($_.Remark) $($_.Info)" }
        }
    }

    It 'gives those of all conversations as the capture has them' {
        Get-Line (Import-TcpCapture $path | Get-TcpSegment) | Should -Be (Get-Line $whole)
    }

    It 'gives those of one with the verdicts of the analysis, in the order of the capture' {
        $segments = Import-TcpCapture $path | Where-Object Retransmissions | Get-TcpSegment

        Get-Line $segments | Should -Be (Get-Line ($whole | Where-Object Stream -EQ 0))
        $segments.Remark | Should -Contain '[TCP Retransmission]'
    }

    It 'takes conversations of several captures, each once, and filters' {
        $conversations = @(Import-TcpCapture $path, $other)
        $segments = Get-TcpSegment -Conversation ($conversations + $conversations[0]) -DataOnly

        $segments.Count | Should -Be (2 * @($whole | Where-Object Length).Count)
        @($segments.File | Select-Object -Unique) | Should -Be $path, $other
    }

    It 'tells where the capture is gone' {
        $conversation = Import-TcpCapture $path -Stream 0
        Move-Item $path "$path.away"
        try {
            $conversation | Get-TcpSegment -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -BeLike '*,TcpShell.Commands.GetTcpSegmentCommand'
        } finally {
            Move-Item "$path.away" $path
        }
    }
}
