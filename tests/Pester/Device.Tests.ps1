# What other cmdlets do on a network device, with a cable (veth) in a network of its own: the kernel has 10.78.0.1 at one end, ours is the other.
BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkNamespace.ps1
    $noNetwork = Get-NetworkObstacle
    if ($noNetwork) { return }
    $result = Invoke-InNetworkNamespace {
        ip link add tcpveth0 type veth peer name tcpveth1
        ip addr add 10.78.0.1/24 dev tcpveth0
        ip link set tcpveth0 up
        ip link set tcpveth1 arp off up

        function Get-ErrorId([scriptblock] $Call) {
            try { & $Call } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
        }

        # Watches the cable from the kernel's end while something is done, until so many segments were seen.
        function Watch-While([scriptblock] $Action, [int] $Count) {
            $shell = [powershell]::Create().AddScript({ param($Module, $Count) Import-Module $Module; Watch-TcpSegment tcpveth0 -Filter tcp -Promiscuous -Count $Count -Duration 30s }).AddArgument($modulePath).AddArgument($Count)
            $running = $shell.BeginInvoke()
            while ("$(ip -d link show tcpveth0)" -notmatch 'promiscuity [1-9]') { Start-Sleep -Milliseconds 20 }
            & $Action | Out-Null
            $shell.EndInvoke($running)
        }

        $injected = Watch-While -Count 2 { Send-TcpSegment -Device tcpveth1 -From 10.78.0.9:4000 -To 10.78.0.1:81 -Flags SYN -SequenceNumber 1000 -DestinationMac (Get-TcpDevice tcpveth0).MacAddress }
        $given = Send-TcpSegment -Device tcpveth1 -From 10.78.0.9:4000 -To 10.78.0.1:81 -Flags SYN -PassThru
        [void] (New-TcpNetwork)
        [void] (New-TcpConnection)
        $packet = Get-TcpSegment -Flags SYN | ConvertTo-PacketDotNet
        $packet.TimeToLive = 7
        $packet.UpdateIPChecksum()
        $replayed = Watch-While -Count 4 {
            $packet | Send-TcpSegment -Device tcpveth1 -DestinationMac ff:ff:ff:ff:ff:ff
            Get-TcpSegment | Send-TcpSegment -Device tcpveth1 -DestinationMac ff:ff:ff:ff:ff:ff
        }
        $inLab = $packet | Send-TcpSegment -PassThru
        $errors = @{
            NobodyThere  = @(Get-ErrorId { Send-TcpSegment -Device tcpveth1 -From 10.78.0.9:4000 -To 10.78.0.99:81 -ErrorAction Stop })
            NoDevice     = @(Get-ErrorId { Send-TcpSegment -Device nosuch -From 10.78.0.9:4000 -To 10.78.0.1:81 })
            NoEndpoint   = @(Get-ErrorId { Send-TcpSegment -Device tcpveth1 -From server:4000 -To 10.78.0.1:81 -ErrorAction Stop })
            NoPacket     = @(Get-ErrorId { Send-TcpSegment -Packet ([byte[]](1, 2, 3)) -Device tcpveth1 -ErrorAction Stop })
            BareTcp      = @(Get-ErrorId { Send-TcpSegment -Device tcpveth1 -Packet ([Activator]::CreateInstance($packet.PayloadPacket.GetType(), [uint16] 1, [uint16] 2)) })
            Field        = @(Get-ErrorId { $packet | Send-TcpSegment -Flags RST })
            AddressInUse = @(Get-ErrorId { New-TcpInterface -Device tcpveth1 -Address 10.78.0.1/24 })
            NoSuchDevice = @(Get-ErrorId { New-TcpInterface -Device nosuch -Address 10.78.0.2/24 })
            Loopback     = @(Get-ErrorId { New-TcpInterface -Device lo -Address 10.79.0.2/24 })
            GroupMac     = @(Get-ErrorId { New-TcpInterface -Device tcpveth1 -Address 10.78.0.2/24 -MacAddress ff:ff:ff:ff:ff:ff })
            Twice        = @(Get-ErrorId { New-TcpInterface -Device tcpveth1 -Address 10.78.0.2/24, 10.78.0.2/24 })
            BadGateway   = @(Get-ErrorId { New-TcpInterface -Device tcpveth1 -Address 10.78.0.2/24 -Gateway 10.79.0.1 })
        }

        # A host of our own: the kernel calls it, and it calls the kernel.
        $if = New-TcpInterface -Device tcpveth1 -Address 10.78.0.2/24
        [void] (New-TcpListener 7 -Application Echo)
        $watching = [powershell]::Create().AddScript({ param($Module) Import-Module $Module; Watch-TcpState -Interface tcpveth0 -Filter tcp -Duration 30s | ForEach-Object { $_; if ($_.To -eq 'TimeWait') { break } } }).AddArgument($modulePath)
        $watched = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $running = $watching.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $watched)
        while (-not (Get-Content /proc/net/packet | Select-Object -Skip 2)) { Start-Sleep -Milliseconds 20 }
        Start-Sleep -Milliseconds 300
        $client = [System.Net.Sockets.TcpClient]::new('10.78.0.2', 7)
        $stream = $client.GetStream()
        $stream.Write([byte[]](1..100), 0, 100)
        $echo = [byte[]]::new(100)
        $stream.ReadExactly($echo, 0, 100)
        $client.Client.Shutdown('Send')
        $end = $stream.ReadByte()
        $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]'10.78.0.1', 8080)
        $listener.Start()
        $c = New-TcpConnection 10.78.0.1:8080 -Interface $if
        $c | Send-TcpData 'hello'
        $accepted = $listener.AcceptTcpClient()
        $heard = [byte[]]::new(5)
        $accepted.GetStream().ReadExactly($heard, 0, 5)
        [void] $running.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(60))
        $table = Watch-TcpState -History | Format-Table | Out-String -Width 80
        $byName = Test-TcpPort 10.78.0.1 81 -Interface tcpveth1
        $noName = @(Get-ErrorId { Test-TcpPort 10.78.0.1 81 -Interface nosuch })
        $filtered = @(Get-ErrorId { Watch-TcpState -Interface tcpveth1 -Filter 'nonsense(' -Duration 1s })
        $nobody = Test-TcpPort 10.78.0.99 80 -Interface $if
        $kind = $if.Kind
        $second = New-TcpInterface -Device tcpveth1 -Address 10.78.0.3/24
        $names = "$($if.Name) $($second.Name)"
        Remove-TcpInterface $second.Name
        $names += " $(@(Get-TcpInterface).Name)"
        Remove-TcpInterface $if.Name
        @{
            Injected = @($injected.Info)
            Given    = @($given.Info)
            Replayed = @($replayed.Info)
            Ttl      = @($replayed.Ttl)
            InLab    = @($inLab.Info)
            Errors   = $errors
            Echo     = ($echo -join ' ') -eq (1..100 -join ' ') -and $end -eq -1
            Heard    = [System.Text.Encoding]::ASCII.GetString($heard)
            Nobody   = "$($nobody.Answer) $($nobody.IcmpError) $($nobody.IcmpSource)"
            ByName   = "$($byName.Answer) $($byName.Via)"
            NoName   = $noName
            Filtered = $filtered
            NobodyRtt = $nobody.Rtt
            Kind     = $kind
            Names    = $names
            States   = @($watched | ForEach-Object { "$($_.Host) $($_.From) $($_.To)" })
            Table    = $table
            Left     = @(Get-TcpInterface).Count
        }
    }
}

Describe 'Send-TcpSegment on a device' {
    BeforeEach {
        if ($noNetwork) { Set-ItResult -Skipped -Because $noNetwork }
    }

    It 'reaches the host whose address it has, with right checksums' {
        $result.Injected[0] | Should -BeLike '4000 → 81 `[SYN`] Seq=0 *'
        $result.Given | Should -BeLike '4000 → 81 `[SYN`] *'
    }

    It 'sends packets of PacketDotNet and segments as they are' {
        $result.Replayed -match 'SYN' | Should -HaveCount 3
        $result.Replayed.Count | Should -Be 4
        $result.Ttl[0] | Should -Be 7
        $result.Ttl[1] | Should -Be 64
    }

    It 'sends packets of PacketDotNet into a lab' { $result.InLab | Should -BeLike '49152 → 80 `[SYN`]*' }

    It 'says what is wrong: <Id>' -ForEach @(
        @{ Id = 'NeighborNotFound'; Case = 'NobodyThere' }
        @{ Id = 'DeviceNotFound'; Case = 'NoDevice' }
        @{ Id = 'SegmentNotPossible'; Case = 'NoEndpoint' }
        @{ Id = 'SegmentNotPossible'; Case = 'NoPacket' }
        @{ Id = 'FieldOfWholePacket'; Case = 'Field' }
    ) {
        $result.Errors[$Case][0] | Should -Be "$Id,TcpShell.Commands.SendTcpSegmentCommand"
    }
}

Describe 'Packets without an IP header' {
    It 'are refused in words' {
        if ($noNetwork) { Set-ItResult -Skipped -Because $noNetwork; return }
        $result.Errors.BareTcp[0] | Should -BeLike 'ParameterArgumentTransformationError,*'
        $result.Errors.BareTcp[1] | Should -BeLike '*A TcpPacket without an IP header is not a packet of PacketDotNet with an IP header*'
    }
}

Describe 'Watch-TcpState on a device' {
    BeforeEach {
        if ($noNetwork) { Set-ItResult -Skipped -Because $noNetwork }
    }

    It 'shows both ends'' states of a connection that passes' {
        $result.States | Should -Contain 'client Closed SynSent'
        $result.States | Should -Contain 'client SynSent Established'
        $result.States | Should -Contain 'server Listen SynReceived'
        $result.States | Should -Contain 'server SynReceived Established'
        $result.States | Should -Contain 'client Established FinWait1'
        $result.States | Should -Contain 'server Established CloseWait'
    }

    It 'has a table of 80 columns' { $result.Table -split '\r?\n' | Where-Object { $_.Length -gt 80 } | Should -BeNullOrEmpty }
}

Describe 'New-TcpInterface on a device' {
    BeforeEach {
        if ($noNetwork) { Set-ItResult -Skipped -Because $noNetwork }
    }

    It 'is called by the kernel, and calls it' {
        $result.Kind | Should -Be 'Device'
        $result.Echo | Should -BeTrue
        $result.Heard | Should -Be 'hello'
        $result.Left | Should -Be 0
    }

    # With the timeout that is the default: three questions a second apart go unanswered before that.
    It 'knows of an address that nobody has that it is unreachable' {
        $result.Nobody | Should -Be 'Icmp HostUnreachable 10.78.0.2'
        $result.NobodyRtt | Should -BeNullOrEmpty -Because 'nobody answered'
    }

    It 'is known to all cmdlets by its name' {
        $result.ByName | Should -Be 'Rst tcpveth1'
        $result.NoName[0] | Should -BeLike 'CannotConvertArgument*'
        $result.NoName[1] | Should -BeLike '*no interface ''nosuch''*Get-TcpInterface*'
    }

    # The interface has the device's name; a filter is for frames, so it is the device that is meant.
    It 'leaves its device to Watch-TcpState -Filter' { $result.Filtered[0] | Should -Be 'FilterNotUnderstood,TcpShell.Commands.WatchTcpStateCommand' }

    It 'has a name of its own for each host on a device' { $result.Names | Should -Be 'tcpveth1 tcpveth1-2 tcpveth1' }

    It 'says what is wrong: <Id>' -ForEach @(
        @{ Id = 'AddressInUse'; Case = 'AddressInUse' }
        @{ Id = 'DeviceNotFound'; Case = 'NoSuchDevice' }
        @{ Id = 'InterfaceNotSupported'; Case = 'Loopback' }
        @{ Id = 'InterfaceNotPossible'; Case = 'GroupMac' }
        @{ Id = 'InterfaceNotPossible'; Case = 'BadGateway' }
        @{ Id = 'InterfaceNotPossible'; Case = 'Twice' }
    ) {
        $result.Errors[$Case][0] | Should -Be "$Id,TcpShell.Commands.NewTcpInterfaceCommand"
    }
}
