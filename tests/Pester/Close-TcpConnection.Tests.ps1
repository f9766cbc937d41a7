BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Close-TcpConnection' {
    BeforeEach {
        $net = New-TcpNetwork
        New-TcpListener 7 -Application Manual | Out-Null
        $c = New-TcpConnection server:7
        Step-TcpNetwork
        $s = Get-TcpConnection -HostName server -Port 7 -State Established
    }

    It 'closes in four segments when the peer takes its time (P40)' {
        $c | Close-TcpConnection
        $c.State, $s.State | Should -Be 'FinWait2', 'CloseWait'
        $s | Close-TcpConnection
        $c.State, $s.State | Should -Be 'TimeWait', 'Closed'
        $flags = Get-TcpSegment | Select-Object -Last 4 | ForEach-Object { '{0} {1}' -f $_.From, $_.Flags }
        $flags | Should -Be 'client FIN, ACK', 'server ACK', 'server FIN, ACK', 'client ACK'
    }

    It 'lets either side be the first (P41)' {
        $s | Close-TcpConnection
        $s.State, $c.State | Should -Be 'FinWait2', 'CloseWait'
    }

    It 'crosses two FINs (P44)' {
        $c, $s | Close-TcpConnection -NoWait
        Step-TcpNetwork -For 1s
        ($c.StateChanges | Select-Object -Last 3).To | Should -Be 'FinWait1', 'Closing', 'TimeWait'
        ($s.StateChanges | Select-Object -Last 3).To | Should -Be 'FinWait1', 'Closing', 'TimeWait'
    }

    It 'aborts with a RST, and the peer learns "reset" (P48)' {
        $c | Close-TcpConnection -Abort
        Step-TcpNetwork -For 1s
        $s.Error | Should -Be 'Reset'
        { $s | Receive-TcpData -ErrorAction Stop } | Should -Throw '*reset*'
    }

    It 'ends a listener (P47)' {
        Get-TcpConnection -State Listen -Port 7 | Close-TcpConnection
        New-TcpConnection server:7 -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'ConnectionRefused,TcpShell.Commands.NewTcpConnectionCommand'
    }

    It 'closes an attempt in SYN-SENT (P47)' {
        $attempt = New-TcpConnection server:7 -NoWait
        $attempt | Close-TcpConnection
        $attempt.State | Should -Be 'Closed'
    }

    It 'takes numbers, and reports one that does not exist' {
        Close-TcpConnection $c.Id
        $c.State | Should -Be 'FinWait2'
        { Close-TcpConnection 999 } | Should -Throw '*no connection 999*'
    }
}
