BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'New-TcpConnection' {
    BeforeEach { $net = New-TcpNetwork }

    It 'understands <To>' -ForEach @(
        @{ To = '10.0.0.2:80' }, @{ To = 'server:80' }, @{ To = 'SERVER' }, @{ To = '80' }, @{ To = 80 }, @{ To = ':80' }
    ) {
        (New-TcpConnection -To $To).Remote.ToString() | Should -Be '10.0.0.2:80'
    }

    It 'understands -From <From>' -ForEach @(
        @{ From = 'client'; Local = '10.0.0.1:49152' }
        @{ From = '10.0.0.1'; Local = '10.0.0.1:49152' }
        @{ From = '10.0.0.1:5000'; Local = '10.0.0.1:5000' }
        @{ From = 'client:5000'; Local = '10.0.0.1:5000' }
    ) {
        (New-TcpConnection -From $From).Local.ToString() | Should -Be $Local
    }

    It 'takes a listener, a host and a number from the pipeline' {
        $listener = New-TcpListener 7
        ($listener | New-TcpConnection).Remote.Port | Should -Be 7
        ($net.Hosts[1] | New-TcpConnection).Remote.Port | Should -Be 80
        (80, 7 | New-TcpConnection).Remote.Port | Should -Be 80, 7
    }

    It 'leaves the time alone with -NoWait' {
        $c = New-TcpConnection -NoWait
        $c.State | Should -Be 'SynSent'
        $net.Now.Nanoseconds | Should -Be 0
    }

    It 'gives the connection and an error when -Timeout is over' {
        Add-TcpImpairment -Drop -Flags SYN | Out-Null
        $c = New-TcpConnection -Timeout 2s -ErrorAction SilentlyContinue -ErrorVariable failed
        $c.State | Should -Be 'SynSent'
        $failed[0].FullyQualifiedErrorId | Should -Be 'ConnectionNotOpen,TcpShell.Commands.NewTcpConnectionCommand'
        $net.Now.TotalSeconds | Should -Be 2
    }

    # RFC 9293 MUST-56, SHLD-25: such an error ends nothing, but it is made known.
    It 'tells the ICMP error that explains why it is not open' {
        Add-TcpImpairment -Refuse HostUnreachable -To server | Out-Null
        $c = New-TcpConnection -Timeout 2s -ErrorAction SilentlyContinue -ErrorVariable failed
        $c.State | Should -Be 'SynSent'
        "$($failed[0])" | Should -BeLike '*is in SynSent after 2 s*192.0.2.1*Destination unreachable (Host unreachable)*'
        New-TcpConnection -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        "$($failed[0])" | Should -BeLike '*timed out*192.0.2.1*Destination unreachable (Host unreachable)*'
    }

    It 'makes a simultaneous open of two crossing ones (P11)' {
        $a = New-TcpConnection server:2000 -From client:1000 -NoWait
        $b = New-TcpConnection client:1000 -From server:2000 -NoWait
        Step-TcpNetwork -For 1s
        $a.State, $b.State | Should -Be 'Established', 'Established'
        @(Get-TcpSegment).Count | Should -Be 4
    }

    It 'refuses multicast and broadcast (P10)' -ForEach @(@{ To = '224.0.0.1:80' }, @{ To = '255.255.255.255:80' }) {
        New-TcpConnection $To -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidAddress,TcpShell.Commands.NewTcpConnectionCommand'
        @(Get-TcpSegment).Count | Should -Be 0
    }

    It 'completes host names' {
        $line = 'New-TcpConnection -From cl'
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Contain 'client'
    }
}

Describe 'Get-TcpConnection' {
    BeforeEach { $net = New-TcpNetwork; $c = New-TcpConnection; Step-TcpNetwork }

    It 'lists the listener and both ends' {
        Get-TcpConnection | ForEach-Object { '{0} {1}' -f $_.Role, $_.State } | Should -Be 'Listener Listen', 'Client Established', 'Server Established'
    }

    It 'filters by <Name>' -ForEach @(
        @{ Name = 'state'; Values = @{ State = 'LISTEN' }; Count = 1 }
        @{ Name = 'netstat spelling'; Values = @{ State = 'ESTABLISHED' }; Count = 2 }
        @{ Name = 'host'; Values = @{ HostName = 'server' }; Count = 2 }
        @{ Name = 'port'; Values = @{ Port = 49152 }; Count = 2 }
        @{ Name = 'id'; Values = @{ Id = 1 }; Count = 1 }
    ) {
        @(Get-TcpConnection @Values).Count | Should -Be $Count
    }

    It 'leaves out the closed ones unless asked' {
        $c | Close-TcpConnection -Abort
        Step-TcpNetwork -Idle
        @(Get-TcpConnection).Count | Should -Be 1
        @(Get-TcpConnection -State Closed).Count | Should -Be 2
        @(Get-TcpConnection -All).Count | Should -Be 3
    }

    It 'can be closed while it is listed' {
        1..5 | ForEach-Object { New-TcpConnection | Out-Null }
        Get-TcpConnection -HostName client | Close-TcpConnection -Abort
        @(Get-TcpConnection -HostName client).Count | Should -Be 0
    }
}
