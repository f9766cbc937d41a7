# Interfaces are made in a network namespace of a pwsh of its own, with which they go. Nothing of the machine's own network is touched.
BeforeAll {
    . $PSScriptRoot/Common.ps1
    $why = if (-not $IsLinux) { 'TUN devices are there on Linux only' }
    elseif ((id -u) -ne 0) { 'making network namespaces takes root' }
    elseif (-not (Test-Path /dev/net/tun)) { 'this system has no /dev/net/tun' }
    elseif (-not (Get-Command unshare -ErrorAction Ignore)) { 'unshare is not installed (package util-linux)' }
    elseif (-not (Get-Command ip -ErrorAction Ignore)) { 'ip is not installed (package iproute2)' }

    # Runs code in a pwsh with a network of its own, and gives what it wrote, line by line.
    function Invoke-InOwnNetwork([string] $Code) {
        $begin = "ip link set lo up; `$ErrorActionPreference = 'Stop'; Import-Module '$modulePath'; "
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($begin + $Code))
        unshare --net $pwshPath -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand $encoded
    }
}

Describe 'New-, Get- and Remove-TcpInterface' {
    BeforeEach { if ($why) { Set-ItResult -Skipped -Because $why } }

    It 'makes a host beside the kernel, which talks to its programs, and leaves nothing behind' {
        $lines = Invoke-InOwnNetwork @'
            $if = New-TcpInterface -Tun tcpsh0 -Address 10.77.0.2/24, fd00:77::2/64
            $server = [System.Net.Sockets.TcpListener]::new([ipaddress] '10.77.0.1', 8080)
            $server.Start()
            $c = New-TcpConnection 10.77.0.1:8080 -Interface $if
            "state $($c.State)"
            $peer = $server.AcceptTcpClient()
            $c | Send-TcpData hello
            $octets = [byte[]]::new(5)
            $peer.GetStream().ReadExactly($octets, 0, 5)
            "kernel got $([Text.Encoding]::ASCII.GetString($octets))"
            $peer.GetStream().Write([Text.Encoding]::ASCII.GetBytes('world'))
            "we got $($c | Receive-TcpData -AsText)"
            $peer.Close()
            $c | Wait-TcpState CloseWait
            $c | Close-TcpConnection -PassThru | Wait-TcpState Closed
            "states $((Watch-TcpState -History).To -join ' ')"
            "segments $((Get-TcpSegment).Count -gt 6)"
            "addresses $(($if | Get-TcpInterface).Addresses -join ' ')"
            Get-TcpInterface | Remove-TcpInterface
            "left $(@(Get-TcpInterface).Count) $(@(ip -o link).Count)"
            "current $((New-TcpConnection).Host)"
'@
        $lines | Should -Be @(
            'state Established'
            'kernel got hello'
            'we got world'
            'states SynSent Established CloseWait LastAck Closed'
            'segments True'
            'addresses 10.77.0.2/24 fd00:77::2/64'
            'left 0 1'
            'current client'
        )
    }

    It 'resets its peers when the <What> ends' -ForEach @(
        @{ What = 'module'; Code = 'New-TcpInterface tcpsh0 10.77.0.2/24; New-TcpConnection 10.77.0.1:8080; Remove-Module TcpShell' }
        @{ What = 'session'; Code = '$shell = [powershell]::Create(); $shell.AddScript("Import-Module ''$path''; New-TcpInterface tcpsh0 10.77.0.2/24; New-TcpConnection 10.77.0.1:8080").Invoke(); $shell.Runspace.Dispose()' }
        @{ What = 'process'; Code = '& $pwshPath -NoProfile -Command "Import-Module ''$path''; New-TcpInterface tcpsh0 10.77.0.2/24; New-TcpConnection 10.77.0.1:8080"' }
        @{ What = 'process is sent SIGTERM and'; Code = '& $pwshPath -NoProfile -Command "Import-Module ''$path''; New-TcpInterface tcpsh0 10.77.0.2/24; New-TcpConnection 10.77.0.1:8080; kill -TERM `$PID; Start-Sleep 20"' }
        @{ What = 'process is sent SIGHUP and'; Code = '& $pwshPath -NoProfile -Command "Import-Module ''$path''; New-TcpInterface tcpsh0 10.77.0.2/24; New-TcpConnection 10.77.0.1:8080; kill -HUP `$PID; Start-Sleep 20"' }
    ) {
        $lines = Invoke-InOwnNetwork @"
            `$path = '$modulePath'
            `$pwshPath = '$pwshPath'
            `$server = [System.Net.Sockets.TcpListener]::new([ipaddress]::Any, 8080)
            `$server.Start()
            & { $Code } | Out-Null
            `$peer = `$server.AcceptTcpClient()
            `$peer.ReceiveTimeout = 20000
            try { `$peer.GetStream().ReadByte() } catch { `$_.Exception.GetBaseException().SocketErrorCode }
            @(ip -o link).Count
"@
        $lines | Should -Be 'ConnectionReset', '1'
    }

    It 'can be interrupted while it waits' {
        $lines = Invoke-InOwnNetwork @"
            `$if = New-TcpInterface tcpsh0 10.77.0.2/24
            `$shell = [powershell]::Create()
            [void] `$shell.AddScript('Import-Module "$modulePath"; "ready"; Watch-TcpState -Network `$args[0]').AddArgument(`$if)
            `$output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            `$handle = `$shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), `$output)
            while (`$output.Count -eq 0 -and -not `$handle.IsCompleted) { Start-Sleep -Milliseconds 20 }
            Start-Sleep -Milliseconds 300
            `$shell.Stop()
            "`$(`$shell.InvocationStateInfo.State)"
"@
        $lines | Should -Be 'Stopped'
    }

    It 'does as little as possible with -WhatIf' {
        $lines = Invoke-InOwnNetwork @'
            New-TcpInterface tcpsh0 10.77.0.2/24 -WhatIf | Out-Null
            @(ip -o link).Count
            $if = New-TcpInterface tcpsh0 10.77.0.2/24
            New-TcpConnection 10.77.0.1:80 -WhatIf | Out-Null
            New-TcpListener 80 -WhatIf | Out-Null
            Send-TcpSegment -From 10.77.0.2:1 -To 10.77.0.1:2 -Flags SYN -WhatIf
            $if | Remove-TcpInterface -WhatIf
            "$(@(Get-TcpSegment).Count) $(@(Get-TcpConnection).Count) $($if.IsOpen)"
'@
        $lines | Where-Object { $_ -and $_ -notlike 'What if:*' } | Should -Be '1', '0 0 True'
    }
}

Describe 'Errors of interfaces' {
    It 'says that <Why>' -ForEach @(
        @{ Why = 'a name is none'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface 'a/b' 10.77.0.2/24 } }
        @{ Why = 'a name is too long'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface 'a-name-with-18-octets' 10.77.0.2/24 } }
        @{ Why = 'an address is none of a host'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface tcpsh0 224.0.0.1/24 } }
        @{ Why = 'a network has no address for the kernel'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface tcpsh0 10.77.0.2/32 } }
        @{ Why = 'the kernel is in another network'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface tcpsh0 10.77.0.2/24 -KernelAddress 10.78.0.1/24 } }
        @{ Why = 'the kernel has the same address'; Id = 'AddressInUse'; Code = { New-TcpInterface tcpsh0 10.77.0.2/24 -KernelAddress 10.77.0.2/24 } }
        @{ Why = 'an address is the broadcast address'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface tcpsh0 10.77.0.255/24 } }
        @{ Why = 'an address is loopback''s'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface tcpsh0 127.0.0.5/8 } }
        @{ Why = 'an MTU is too small'; Id = 'InterfaceNotPossible'; Code = { New-TcpInterface tcpsh0 10.77.0.2/24 -Mtu 60 } }
    ) {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'TUN devices are there on Linux only'; return }
        $failed = { & $Code } | Should -Throw -PassThru
        $failed.FullyQualifiedErrorId | Should -Be "$Id,TcpShell.Commands.NewTcpInterfaceCommand"
        $failed.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'says that there is no such interface' {
        Remove-TcpInterface nothing -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'InterfaceNotFound,TcpShell.Commands.RemoveTcpInterfaceCommand'
    }

    It 'says that labs only can be stepped through' {
        if ($why) { Set-ItResult -Skipped -Because $why; return }
        $lines = Invoke-InOwnNetwork @'
            $if = New-TcpInterface tcpsh0 10.77.0.2/24
            foreach ($code in { Step-TcpNetwork }, { New-TcpHost other }) { try { & $code } catch { $_.FullyQualifiedErrorId } }
            Remove-TcpInterface tcpsh0 -Abort
            $if | Get-TcpConnection
            try { New-TcpConnection 10.77.0.1:80 -Interface $if } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
'@
        $lines | Should -Be 'LabNeeded,TcpShell.Commands.StepTcpNetworkCommand', 'LabNeeded,TcpShell.Commands.NewTcpHostCommand', 'HostDown,TcpShell.Commands.NewTcpConnectionCommand', 'The interface tcpsh0 was removed.'
    }
}
