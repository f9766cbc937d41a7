BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'New-TcpHost' {
    BeforeEach { $net = New-TcpNetwork -Empty }

    It 'takes several names, and gives each the next address' {
        ($net | New-TcpHost a, b, c).Addresses | ForEach-Object ToString | Should -Be '10.0.0.1', '10.0.0.2', '10.0.0.3'
    }

    It 'takes addresses of both families' {
        New-TcpHost a -Address 192.0.2.1, fd00::1 | Out-Null
        New-TcpHost b -Address 192.0.2.2, fd00::2 | Out-Null
        New-TcpListener 80 -HostName b | Out-Null
        (New-TcpConnection '[fd00::2]:80' -From a).Local.ToString() | Should -Be '[fd00::1]:49152'
        (New-TcpConnection 192.0.2.2:80 -From a).Local.ToString() | Should -Be '192.0.2.1:49153'
    }

    It 'keeps a SYN going for 127 s with the profile linux, and for 183 s with rfc (P20, MUST-23)' -ForEach @(
        @{ Profile = 'linux'; Seconds = 127 }
        @{ Profile = 'rfc'; Seconds = 183 }
    ) {
        New-TcpHost a -Profile $Profile | Out-Null
        New-TcpConnection 10.0.0.99:80 -From a -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'ConnectionTimedOut,TcpShell.Commands.NewTcpConnectionCommand'
        $net.Now.TotalSeconds | Should -Be $Seconds
    }

    It 'takes options by name, with durations as people write them' {
        $made = New-TcpHost a -Option @{ MinimumRto = '50ms'; synretries = 2; WindowScaling = $false; UserTimeout = '30s' }
        $made.Settings.MinimumRto.TotalMilliseconds | Should -Be 50
        $made.Settings.SynRetries | Should -Be 2
        $made.Settings.WindowScaling | Should -BeFalse
        $made.Settings.UserTimeout.TotalSeconds | Should -Be 30
        $made.Settings.ToString() | Should -Be 'linux*'
    }

    It 'takes what a table of texts says: <Value> is <Is>' -ForEach @(
        @{ Value = 'false'; Is = $false }
        @{ Value = '$false'; Is = $false }
        @{ Value = 'True'; Is = $true }
    ) {
        (New-TcpHost a -Option @{ Nagle = $Value; MaximumSegmentSize = '1460' }).Settings.Nagle | Should -Be $Is
    }

    It 'does not change the profile itself' {
        New-TcpHost a -Option @{ SynRetries = 1 } | Out-Null
        (New-TcpHost b).Settings.SynRetries | Should -Be 6
    }

    It 'refuses an option of <Value> for <Name>' -ForEach @(
        @{ Name = 'ReceiveBufferSize'; Value = 0 }
        @{ Name = 'MinimumRto'; Value = '-1s' }
        @{ Name = 'KeepAliveProbes'; Value = 'many' }
        @{ Name = 'MaximumSegmentSize'; Value = '1460.7' }
        @{ Name = 'MaximumSegmentSize'; Value = 1460.7 }
        @{ Name = 'Nagle'; Value = 'on' }
        @{ Name = 'Nagle'; Value = 1 }
    ) {
        { New-TcpHost a -Option @{ $Name = $Value } } | Should -Throw
        $net.Hosts.Count | Should -Be 0
    }
}

Describe 'Stop-TcpHost and Restart-TcpHost' {
    BeforeEach { $net = New-TcpNetwork; $c = New-TcpConnection }

    It 'tells the peers by RST when a host is shut down' {
        Stop-TcpHost server
        Step-TcpNetwork -For 1s
        $c.Error | Should -Be 'Reset'
    }

    It 'leaves the peers alone when a host crashes (P52)' {
        Stop-TcpHost server -Crash
        Step-TcpNetwork -For 24h
        $c.State | Should -Be 'Established'
    }

    It 'listens again after a restart' {
        Stop-TcpHost server -Crash
        Restart-TcpHost server
        (New-TcpConnection).State | Should -Be 'Established'
    }

    It 'takes hosts from the pipeline and hands them on' {
        ($net.Hosts[1] | Stop-TcpHost -Crash -PassThru).IsRunning | Should -BeFalse
        ('server' | Restart-TcpHost -PassThru).IsRunning | Should -BeTrue
    }

    It 'reports a connection from a host that is down' {
        Stop-TcpHost client
        New-TcpConnection -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'HostDown,TcpShell.Commands.NewTcpConnectionCommand'
    }
}
