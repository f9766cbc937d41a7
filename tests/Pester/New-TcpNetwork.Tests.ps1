BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'New-TcpNetwork' {
    It 'has a client and a server with an echo service' {
        $net = New-TcpNetwork
        $net.Hosts.Name | Should -Be 'client', 'server'
        $net.Hosts[1].Listeners[0].Local.Port | Should -Be 80
        $net.DefaultLink.Latency.TotalMilliseconds | Should -Be 10
    }

    It 'is empty on request' {
        (New-TcpNetwork -Empty).Hosts.Count | Should -Be 0
    }

    It 'takes <Text> as a latency of <Milliseconds> ms' -ForEach @(
        @{ Text = '50ms'; Milliseconds = 50 }
        @{ Text = '1.5s'; Milliseconds = 1500 }
        @{ Text = '2'; Milliseconds = 2000 }
        @{ Text = '0'; Milliseconds = 0 }
    ) {
        (New-TcpNetwork -Latency $Text).DefaultLink.Latency.TotalMilliseconds | Should -Be $Milliseconds
    }

    It 'takes <Text> as a bandwidth of <Bits> bit/s' -ForEach @(
        @{ Text = '10mbit'; Bits = 10000000 }
        @{ Text = '64kbit'; Bits = 64000 }
        @{ Text = 1000; Bits = 1000 }
    ) {
        (New-TcpNetwork -Bandwidth $Text).DefaultLink.Bandwidth | Should -Be $Bits
    }

    It 'has links that mark from so many waiting packets on' {
        New-TcpNetwork -Bandwidth 10mbit -MarkThreshold 5 -Empty | New-TcpHost a, b -Option @{ Ecn = 'Request' } | Out-Null
        New-TcpListener -HostName b -Port 7 -Application Discard | Out-Null
        New-TcpConnection b:7 -From a | Send-TcpData ([byte[]]::new(100kb))
        Get-TcpSegment -Fate Lost | Should -BeNullOrEmpty
        (Get-TcpSegment -DataOnly).FateText | Should -Contain 'marked by the link (5 packets or more wait)'
    }

    It 'becomes the current network' {
        $net = New-TcpNetwork -Name mine
        (New-TcpConnection).Network.Name | Should -Be 'mine'
        $net.Trace.Count | Should -BeGreaterThan 0
    }

    It 'gives the same initial sequence numbers for the same seed, and others for another' {
        $numbers = foreach ($seed in 5, 5, 6) { New-TcpNetwork -Seed $seed | Out-Null; (New-TcpConnection).Iss.Value }
        $numbers[0] | Should -Be $numbers[1]
        $numbers[0] | Should -Not -Be $numbers[2]
    }

    It 'refuses <Name> <Value>' -ForEach @(
        @{ Name = 'Latency'; Value = '-5ms' }
        @{ Name = 'Mtu'; Value = 67 }
        @{ Name = 'Mtu'; Value = 65536 }
        @{ Name = 'Bandwidth'; Value = 0 }
        @{ Name = 'QueueLength'; Value = 0 }
        @{ Name = 'MarkThreshold'; Value = -1 }
        @{ Name = 'Latency'; Value = 'soon' }
    ) {
        $values = @{ $Name = $Value }
        { New-TcpNetwork @values -ErrorAction Stop } | Should -Throw
    }
}
