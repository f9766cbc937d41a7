BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Add-, Get- and Remove-TcpImpairment' {
    BeforeEach { $net = New-TcpNetwork -Seed 3 }

    It 'drops the first SYN,ACK' {
        $loss = Add-TcpImpairment -Drop -Flags S. -Count 1
        New-TcpConnection | Out-Null
        $loss.Hits | Should -Be 1
        $loss.IsSpent | Should -BeTrue
        (Get-TcpSegment -Fate Lost).Flags | Should -Be 'SYN, ACK'
    }

    It 'drops every third data segment from the client' {
        $c = New-TcpConnection
        Add-TcpImpairment -Drop -DataOnly -From client -Every 3 | Out-Null
        $c | Send-TcpData ([byte[]]::new(1448 * 6)) -NoWait
        Get-TcpSegment -DataOnly -From client | ForEach-Object { $_.Fate -eq 'Lost' } | Should -Be $false, $false, $true, $false, $false, $true
    }

    It 'takes <Text> as a probability of <Value>' -ForEach @(
        @{ Text = '5%'; Value = 0.05 }, @{ Text = '0.5'; Value = 0.5 }, @{ Text = 1; Value = 1 }, @{ Text = '0.1 %'; Value = 0.001 }
    ) {
        (Add-TcpImpairment -Drop -Probability $Text).Selector.Probability | Should -Be $Value
    }

    It 'refuses a probability of <_>' -ForEach '101%', -1, 'often' {
        { Add-TcpImpairment -Drop -Probability $_ -ErrorAction Stop } | Should -Throw
    }

    It 'delays, duplicates, corrupts and reorders, and the data arrive all the same' {
        Add-TcpImpairment -Delay 30ms -Probability 10% | Out-Null
        Add-TcpImpairment -Duplicate -Probability 10% | Out-Null
        Add-TcpImpairment -Corrupt -Probability 5% | Out-Null
        Add-TcpImpairment -Reorder 15ms -Probability 10% | Out-Null
        $data = [byte[]]::new(60000)
        [System.Random]::new(2).NextBytes($data)
        $c = New-TcpConnection
        $c | Send-TcpData $data -Timeout 10m
        [System.Convert]::ToBase64String(($c | Receive-TcpData -Count 60000 -Timeout 10m)) | Should -Be ([System.Convert]::ToBase64String($data))
        (Get-TcpImpairment).Hits | ForEach-Object { $_ | Should -BeGreaterThan 0 }
    }

    It 'marks packets of connections that agreed on ECN, and only those' {
        $mark = Add-TcpImpairment -Mark -From client
        New-TcpConnection | Send-TcpData ([byte[]]::new(5000))
        $mark.Hits | Should -Be 0
        $c = New-TcpConnection -Option @{ Ecn = 'Request' }
        $c | Send-TcpData ([byte[]]::new(5000))
        $sent = $c | Get-TcpSegment
        $sent[0].Flags | Should -Be 'SYN, ECE, CWR'
        $sent[1].Flags | Should -Be 'SYN, ACK, ECE'
        $data = $sent | Where-Object { $_.From -eq 'client' -and $_.Length }
        $data.Ecn | Should -Be (@('Ect0') * $data.Count)
        $data.FateText | ForEach-Object { $_ | Should -BeLike 'marked by impairment *' }
        $mark.Hits | Should -Be $data.Count
        $sent | Where-Object { $_.From -eq 'server' -and $_.Flags -band [TcpShell.Wire.TcpFlags]::ECE } | Select-Object -Skip 1 | Should -Not -BeNullOrEmpty
    }

    It 'lets a router tell what the path carries, and the data arrive in smaller pieces' {
        Add-TcpImpairment -Refuse PacketTooBig -Mtu 1300 -From client | Out-Null
        $c = New-TcpConnection
        $c | Send-TcpData ([byte[]]::new(5000)) -PassThru | Receive-TcpData -Count 5000 | Out-Null
        $c.PathMtu | Should -Be 1300
        $icmp = $c | Get-TcpSegment | Where-Object Icmp
        $icmp.From | Select-Object -Unique | Should -Be 'router'
        $icmp[0].Info | Should -BeLike 'Destination unreachable (Fragmentation needed) MTU=1300 Seq=*'
        ($c | Get-TcpSegment | Where-Object Reason -eq PathMtuDiscovery).Count | Should -BeGreaterThan 0
        $c | ConvertTo-TcpDiagram | Out-String | Should -BeLike '*ICMP PacketTooBig mtu=1300*'
    }

    It 'lets a router refuse a connection' {
        Add-TcpImpairment -Refuse AdministrativelyProhibited -Flags SYN | Out-Null
        { New-TcpConnection -ErrorAction Stop } | Should -Throw -ErrorId '*Unreachable*'
    }

    It 'wants an MTU for packets that are too big, and for no others' {
        { Add-TcpImpairment -Refuse PacketTooBig -ErrorAction Stop } | Should -Throw
        { Add-TcpImpairment -Refuse HostUnreachable -Mtu 1300 -ErrorAction Stop } | Should -Throw
    }

    It 'is taken away by number and by object' {
        $one = Add-TcpImpairment -Drop
        Add-TcpImpairment -Drop -Flags RST | Out-Null
        $one | Remove-TcpImpairment
        Remove-TcpImpairment 2
        @(Get-TcpImpairment).Count | Should -Be 0
        (New-TcpConnection).State | Should -Be 'Established'
    }

    It 'says so when a host does not exist' {
        { Add-TcpImpairment -Drop -From nobody } | Should -Throw '*no host*'
    }
}
