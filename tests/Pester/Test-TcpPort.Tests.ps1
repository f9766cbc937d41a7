BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Test-TcpPort' {
    BeforeEach { $net = New-TcpNetwork }

    It 'tells an open port from a closed one, with round trip and options' {
        $open, $closed = Test-TcpPort server 80, 81
        $open.Answer, $closed.Answer | Should -Be 'SynAck', 'Rst'
        $open.IsOpen, $closed.IsOpen | Should -Be $true, $false
        $open.Rtt.TotalMilliseconds | Should -Be 20
        "$($open.Options)" | Should -Match '1460'
        $open.Via | Should -Be 'lab'
    }

    It 'takes many targets from the pipeline' {
        $results = '10.0.0.1', 'server' | Test-TcpPort -Port (1..100)
        $results.Count | Should -Be 200
        ($results | Where-Object IsOpen).Target.ToString() | Should -Be '10.0.0.2:80'
    }

    It 'begins with no more ports a second than -Rate' {
        Test-TcpPort server (1..11) -Rate 10 | Out-Null
        $net.Now.TotalSeconds | Should -BeGreaterOrEqual 1
        $syns = Get-TcpSegment -Flags SYN
        ($syns[-1].Time - $syns[0].Time).TotalSeconds | Should -Be 1
    }

    It 'never opens the server''s end with -HalfOpen' {
        (Test-TcpPort server 80 -HalfOpen).Answer | Should -Be 'SynAck'
        Step-TcpNetwork -Idle
        (Get-TcpSegment).Flags | Should -Be 'SYN', 'SYN, ACK', 'RST'
        $net.FindHost('server').Listeners[0].Accepted | Should -Be 0
    }

    It 'asks again where nobody answers, and says so' {
        Add-TcpImpairment -Drop -To server | Out-Null
        $silent = Test-TcpPort server 80 -HalfOpen -Timeout 5s
        $silent.Answer | Should -Be 'Silence'
        $silent.Attempts | Should -Be 3
        $net.Now.TotalSeconds | Should -Be 5
    }

    It 'names the ICMP error' {
        Add-TcpImpairment -Refuse HostUnreachable -To server | Out-Null
        $refused = Test-TcpPort server 80
        $refused.Answer | Should -Be 'Icmp'
        $refused.IcmpError | Should -Be 'HostUnreachable'
    }

    It 'takes end points, each with its own port' {
        $results = Test-TcpPort 10.0.0.2:80, server:81
        ($results.Target | Sort-Object Port) -join ' ' | Should -Be '10.0.0.2:80 10.0.0.2:81'
        (Test-TcpPort 10.0.0.2:80, server -Port 81).Target.Port | Sort-Object | Should -Be 80, 81
    }

    It 'asks for the port that is missing, and goes on' {
        $results = Test-TcpPort server, server:80 -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'PortMissing,TcpShell.Commands.TestTcpPortCommand'
        $results.Answer | Should -Be 'SynAck'
    }

    It 'refuses ports that cannot be' {
        foreach ($target in 'server:0', '10.0.0.2:0', 'server:99999', '[::1]:99999') {
            Test-TcpPort $target -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failed[0].FullyQualifiedErrorId | Should -Be 'TargetNotFound,TcpShell.Commands.TestTcpPortCommand' -Because $target
        }
    }

    It 'does nothing with -WhatIf' {
        Test-TcpPort server 80 -WhatIf
        Get-TcpSegment | Should -BeNullOrEmpty
    }

    It 'says that a name is none, and goes on' {
        $results = Test-TcpPort nobody, server 80 -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'TargetNotFound,TcpShell.Commands.TestTcpPortCommand'
        $results.Answer | Should -Be 'SynAck'
    }

    It 'warns of an address that no host of the lab has: another network may be meant' {
        $silent = Test-TcpPort 192.0.2.1 80 -HalfOpen -Timeout 1s -WarningVariable warned -WarningAction SilentlyContinue
        $silent.Answer | Should -Be 'Silence'
        "$warned" | Should -BeLike '*192.0.2.1*-System*-Interface*'
        Test-TcpPort 10.0.0.2 80 -WarningVariable warned | Out-Null
        $warned | Should -BeNullOrEmpty
    }

    It 'leaves no closed connection behind' {
        Test-TcpPort server 80, 81 | Out-Null
        Step-TcpNetwork -Idle
        Get-TcpConnection -All | Where-Object Host -EQ client | Should -BeNullOrEmpty
    }

    It 'lets the operating system connect with -System' {
        $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
        $listener.Start()
        try {
            $open = Test-TcpPort 127.0.0.1 $listener.LocalEndpoint.Port -System -Timeout 20s
            $open.Answer | Should -Be 'SynAck'
            $open.Via | Should -Be 'system'
        } finally { $listener.Stop() }
    }

    It 'asks every port with -System, however few sockets a process may open, and says of one that it cannot be asked' {
        if (-not $IsLinux -or (id -u) -ne 0) { Set-ItResult -Skipped -Because 'making network namespaces takes root on Linux'; return }
        $script = Join-Path $TestDrive system.ps1
        Set-Content $script @"
`$ErrorActionPreference = 'Continue'
Import-Module '$modulePath'
`$server = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
`$server.Start()
# Nobody answers on a cable without ARP; a route forbids the last one.
`$silent = (1..400).ForEach{ "10.9.0.`$([Math]::Ceiling(`$_ / 4) + 1):`$_" }
`$all = @(`$silent) + "127.0.0.1:`$(`$server.LocalEndpoint.Port)" + '10.8.0.1:80'
`$found = Test-TcpPort `$all -System -Rate 10000 -Timeout 1s -ErrorVariable failed -ErrorAction SilentlyContinue
"`$(`$found.Count) `$(@(`$found | Where-Object IsOpen).Count) `$(`$failed.Count) `$(`$failed[0].FullyQualifiedErrorId) `$(`$failed[0].TargetObject)"
"@
        $said = unshare --net sh -c "ip link set lo up; ip link add d0 arp off type veth peer name d1; ip addr add 10.9.0.1/24 dev d0; ip link set d0 up; ip link set d1 up; ip route add prohibit 10.8.0.0/24; ulimit -n 330; exec '$pwshPath' -NoProfile -NonInteractive -File '$script'"
        $said | Should -Be '401 1 1 ProbeRefused,TcpShell.Commands.TestTcpPortCommand 10.8.0.1:80'
    }

    It 'fits into 80 columns' {
        Test-TcpPort server 80, 81 | Out-String -Width 80 | ForEach-Object { $_ -split '\r?\n' } | ForEach-Object { $_.Length | Should -BeLessOrEqual 80 }
    }
}
