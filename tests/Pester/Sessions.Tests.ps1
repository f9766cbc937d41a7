# The sessions that the design promises to users, as they would type them.
BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'A first session, with nothing set up' {
    BeforeEach { New-TcpNetwork | Out-Null }

    It 'opens a connection with one command' {
        $c = New-TcpConnection
        $c.Id | Should -Be 1
        $c.Local.ToString() | Should -Be '10.0.0.1:49152'
        $c.Remote.ToString() | Should -Be '10.0.0.2:80'
        $c.State | Should -Be 'Established'
        $c.Role | Should -Be 'Client'
        $c.Rtt.TotalMilliseconds | Should -Be 20
    }

    It 'opens, sends, closes and watches in one pipeline' {
        $changes = New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection -PassThru | Watch-TcpState
        $changes | ForEach-Object { '{0} {1} {2} {3}' -f $_.Time, $_.Host, $_.From, $_.To } | Should -Be @(
            '0.000000 server Closed Listen'
            '0.000000 client Closed SynSent'
            '0.010000 server Listen SynReceived'
            '0.020000 client SynSent Established'
            '0.030000 server SynReceived Established'
            '0.040000 client Established FinWait1'
            '0.050000 server Established CloseWait'
            '0.050000 server CloseWait LastAck'
            '0.060000 client FinWait1 TimeWait'
            '0.070000 server LastAck Closed'
            '60.060000 client TimeWait Closed'
        )
    }

    It 'says of each change what caused it, which rule asked for it, and why' {
        $changes = New-TcpConnection | Close-TcpConnection -PassThru | Watch-TcpState
        $changes[3].Cause | Should -Be 'SYN,ACK arrives, ack=1'
        $changes[3].Rfc | Should -Be '9293 3.10.7.3'
        $changes | ForEach-Object { $_.Explanation | Should -Match '^[A-Z].{20,}\.$' }
    }

    It 'gets an echo back' {
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Receive-TcpData -AsText | Should -Be 'hello'
    }
}

Describe 'A lab with a seed, an accident and a question' {
    It 'recovers from a lost SYN,ACK, finds a crash out by sending, and shows the control block' {
        $net = New-TcpNetwork -Latency 20ms -Seed 7
        $net | Add-TcpImpairment -Drop -Flags SYN,ACK -Count 1 | Out-Null
        $c = New-TcpConnection -Network $net -To 10.0.0.2:80 -NoWait
        $c.State | Should -Be 'SynSent'
        $net.Now.TotalSeconds | Should -Be 0
        $net | Step-TcpNetwork -For 1.5s
        $net.Now.TotalSeconds | Should -Be 1.5
        $c | Wait-TcpState Established -Timeout 10s
        $c.State | Should -Be 'Established'
        $shown = $c | Format-List * | Out-String
        foreach ($name in 'SndUna', 'Rto', 'Srtt', 'RttVar', 'SendMss', 'Cwnd', 'Ssthresh', 'Sent', 'Received', 'Counters', 'Retransmissions', 'Lost',
            'Sacked', 'Reordering', 'Delivered', 'Limits') {
            $shown | Should -Match "(?m)^$name +:"
        }

        Stop-TcpHost server -Crash
        $c.State | Should -Be 'Established'
        Restart-TcpHost server
        $c | Send-TcpData 'anyone?' -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'ConnectionReset,TcpShell.Commands.SendTcpDataCommand'
        $c.Error | Should -Be 'Reset'
    }
}

Describe 'Errors that a user will make' {
    BeforeEach { New-TcpNetwork | Out-Null }

    It 'names <Id> and says what to do' -ForEach @(
        @{ Id = 'EndpointNotFound,TcpShell.Commands.NewTcpConnectionCommand'; Call = { New-TcpConnection nobody:80 } }
        @{ Id = 'HostNotFound,TcpShell.Commands.StopTcpHostCommand'; Call = { Stop-TcpHost nobody } }
        @{ Id = 'PortInUse,TcpShell.Commands.NewTcpListenerCommand'; Call = { New-TcpListener 80 } }
        @{ Id = 'ConnectionRefused,TcpShell.Commands.NewTcpConnectionCommand'; Call = { New-TcpConnection server:81 } }
        @{ Id = 'ConnectionClosing,TcpShell.Commands.SendTcpDataCommand'; Call = { New-TcpConnection | Close-TcpConnection -PassThru | Send-TcpData x } }
        @{ Id = 'ConnectionDoesNotExist,TcpShell.Commands.SendTcpDataCommand'; Call = { New-TcpConnection | Close-TcpConnection -Abort -PassThru | Send-TcpData x } }
        @{ Id = 'StateCannotCome,TcpShell.Commands.WaitTcpStateCommand'; Call = { New-TcpConnection | Close-TcpConnection -Abort -PassThru | Wait-TcpState Established } }
        @{ Id = 'StateCannotCome,TcpShell.Commands.WaitTcpStateCommand'; Call = { New-TcpConnection | Wait-TcpState CloseWait } }
        @{ Id = 'StateNotReached,TcpShell.Commands.WaitTcpStateCommand'; Call = { New-TcpConnection -NoWait | Wait-TcpState Established -Timeout 5ms } }
        @{ Id = 'ValueOutOfRange,TcpShell.Commands.NewTcpNetworkCommand'; Call = { New-TcpNetwork -Mtu 10 } }
        @{ Id = 'UnknownOption,TcpShell.Commands.NewTcpHostCommand'; Call = { New-TcpHost x -Option @{ Speed = 1 } } }
        @{ Id = 'OptionOutOfRange,TcpShell.Commands.NewTcpHostCommand'; Call = { New-TcpHost x -Option @{ MinimumRto = 'soon' } } }
        @{ Id = 'HostNotPossible,TcpShell.Commands.NewTcpHostCommand'; Call = { New-TcpHost client } }
        @{ Id = 'ImpairmentNotFound,TcpShell.Commands.RemoveTcpImpairmentCommand'; Call = { Remove-TcpImpairment 9 } }
        @{ Id = 'NothingReceived,TcpShell.Commands.ReceiveTcpDataCommand'; Call = { New-TcpConnection | Receive-TcpData -Timeout 1s } }
        @{ Id = 'HostDown,TcpShell.Commands.NewTcpConnectionCommand'; Call = { Stop-TcpHost client; New-TcpConnection server:80 } }
    ) {
        $failed = $null
        try { & $Call -ErrorAction Stop 2>&1 | ForEach-Object { if ($_ -is [System.Management.Automation.ErrorRecord]) { $failed = $_ } } } catch { $failed = $_ }
        $failed.FullyQualifiedErrorId | Should -Be $Id
        $failed.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'refuses a network of another session' {
        $net = New-TcpNetwork
        $ids = 1 | ForEach-Object -Parallel {
            Import-Module $using:modulePath
            try { New-TcpConnection -Network $using:net } catch { $_.FullyQualifiedErrorId }
        }
        $ids | Should -Be 'NetworkOfAnotherSession,TcpShell.Commands.NewTcpConnectionCommand'
    }
}

Describe 'Ctrl-C and -First' {
    It 'ends a long run within half a second of real time, and keeps the session' {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$modulePath'; `$net = New-TcpNetwork; `$c = New-TcpConnection -Option @{ KeepAlive = `$true; KeepAliveIdle = '1ms' }; 'ready'; Step-TcpNetwork -Until { `$false } -Timeout 1000h")
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $handle = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        while ($output.Count -eq 0 -and -not $handle.IsCompleted) { Start-Sleep -Milliseconds 20 }
        $clock = [System.Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $clock.ElapsedMilliseconds | Should -BeLessThan 2000
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $shell.Dispose()
    }

    It 'stops watching when the pipeline wants no more' {
        New-TcpNetwork | Out-Null
        $first = New-TcpConnection | Close-TcpConnection -PassThru | Watch-TcpState | Select-Object -First 2
        $first.Count | Should -Be 2
    }
}
