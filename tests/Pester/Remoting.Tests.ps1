# Conversations through real SSH remoting: an sshd of this test's own on a loopback port, with keys and a configuration that live and die with it.
BeforeDiscovery {
    $missing = @(
        if ($IsWindows) { 'this test starts an sshd, which it does on Linux and macOS only' }
        foreach ($tool in 'ssh', 'ssh-keygen', 'pwsh') { if (-not (Get-Command $tool -CommandType Application -ErrorAction Ignore)) { "there is no $tool" } }
        if (-not (Get-Command sshd, /usr/sbin/sshd -CommandType Application -ErrorAction Ignore)) { 'there is no sshd (apt-get install openssh-server)' }
    )
}

Describe 'Conversations through SSH remoting' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        if ($missing) { return }
        $folder = Join-Path $TestDrive ssh
        [void] (New-Item $folder -ItemType Directory)
        chmod 700 $folder
        foreach ($key in 'host', 'user') { ssh-keygen -q -t ed25519 -N '' -f "$folder/$key" }
        Copy-Item "$folder/user.pub" "$folder/authorized_keys"
        chmod 600 "$folder/authorized_keys"

        # A free port of the loopback address.
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $listener.Stop()

        $pwsh = (Get-Command pwsh -CommandType Application)[0].Source
        Set-Content "$folder/sshd_config" @"
Port $port
ListenAddress 127.0.0.1
HostKey $folder/host
PidFile $folder/sshd.pid
AuthorizedKeysFile $folder/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem powershell $pwsh -sshs -NoLogo -NoProfile
"@
        # Run by root, sshd wants the folder for its unprivileged half; as anybody else it needs none.
        if ((id -u) -eq 0 -and -not (Test-Path /run/sshd)) { [void] (New-Item /run/sshd -ItemType Directory) }
        $sshdPath = @(Get-Command sshd, /usr/sbin/sshd -CommandType Application -ErrorAction Ignore)[0].Source
        $sshd = Start-Process $sshdPath "-D -f $folder/sshd_config -E $folder/sshd.log" -PassThru
        $remote = @{
            HostName    = '127.0.0.1'
            Port        = $port
            UserName    = [Environment]::UserName
            KeyFilePath = "$folder/user"
            Options     = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = "$folder/known_hosts"; LogLevel = 'ERROR' }
        }
        foreach ($try in 1..50) {
            if ((Test-Path "$folder/sshd.pid") -or $sshd.HasExited) { break }
            Start-Sleep -Milliseconds 100
        }

        # A connection whose capture is cut in two, as if each half lay on another machine.
        $net = New-TcpNetwork
        Add-TcpImpairment -Drop -DataOnly -From client -Count 1 | Out-Null
        New-TcpConnection | Send-TcpData ('x' * 3000) -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        $whole, $one, $two = 'whole', 'one', 'two' | ForEach-Object { Join-Path $TestDrive "$_.pcapng" }
        Export-TcpCapture $whole
        Get-TcpSegment | Where-Object Number -LE 6 | Export-TcpCapture $one
        Get-TcpSegment | Where-Object Number -GT 6 | Export-TcpCapture $two
        $here = Import-TcpCapture $whole
    }

    AfterAll {
        if ($sshd -and -not $sshd.HasExited) { Stop-Process -Id $sshd.Id }
    }

    BeforeEach {
        if ($missing) { Set-ItResult -Skipped -Because ($missing -join '; ') }
    }

    It 'come with everything that they have' {
        $there = Invoke-Command @remote { Import-Module $using:modulePath; Import-TcpCapture $using:whole }
        $there.pstypenames[0] | Should -Be 'Deserialized.TcpShell.Pcap.Analysis.TcpConversation'
        $there.PSComputerName | Should -Be '127.0.0.1'
        "$there" | Should -Be "$here"
        foreach ($name in 'Stream', 'Packets', 'Bytes', 'Duration', 'HandshakeRtt', 'ServerRtt', 'Retransmissions', 'ZeekState', 'ZeekHistory', 'Files') {
            $there.$name | Should -Be $here.$name -Because $name
        }
        foreach ($name in 'Ended', 'Completeness', 'RolesFrom', 'ClientState', 'ServerState') { "$($there.$name)" | Should -Be "$($here.$name)" -Because $name }
        $there.Start.Nanoseconds | Should -Be $here.Start.Nanoseconds
        $there.Client.Endpoint.Port | Should -Be $here.Client.Endpoint.Port
        "$($there.Client.Endpoint.Address)" | Should -Be '10.0.0.1'
        $there.Client.InitialSequenceNumber.Value | Should -Be $here.Client.InitialSequenceNumber.Value
        $there.Client.Analysis.Retransmissions | Should -Be $here.Client.Analysis.Retransmissions
        $there.Client.Rtt.Median | Should -Be $here.Client.Rtt.Median
        $there.Client.FlaggedSegments.Frame | Should -Be $here.Client.FlaggedSegments.Frame
        $there.StateChanges.Cause | Should -Be $here.StateChanges.Cause
        "$($there.StateChanges[0].To)" | Should -Be "$($here.StateChanges[0].To)"
    }

    It 'are shown as those of this session' {
        $there = Invoke-Command @remote { Import-Module $using:modulePath; Import-TcpCapture $using:whole } -HideComputerName
        $there | Format-Table | Out-String -Width 80 | Should -Be ($here | Format-Table | Out-String -Width 80)
    }

    It 'fan out over machines and merge into one' {
        # Twice this machine, each with its half: what -HostName a, b does with two.
        $sessions = 1..2 | ForEach-Object { New-PSSession @remote }
        try {
            $i = 0
            $pieces = foreach ($session in $sessions) {
                $path = ($one, $two)[$i++]
                Invoke-Command -Session $session { Import-Module $using:modulePath; Import-TcpCapture $using:path }
            }
            $merged = $pieces | Merge-TcpConversation
            @($merged).Count | Should -Be 1
            "$merged" | Should -Be "$here"
            $merged.Parts | Should -Be 2
            $merged.Host | Should -Be '127.0.0.1'
            $fanned = Invoke-Command -Session $sessions { Import-Module $using:modulePath; Import-TcpCapture $using:whole } | Merge-TcpConversation
            "$fanned" | Should -Be "$here" -Because 'both saw the same'
        } finally {
            $sessions | Remove-PSSession
        }
    }

    It 'are summed up and written as those of this session' {
        $there = Invoke-Command @remote { Import-Module $using:modulePath; Import-TcpCapture $using:whole }
        $sum, $expected = ($there | Measure-TcpConversation), ($here | Measure-TcpConversation)
        ($sum | Out-String) | Should -Be ($expected | Out-String)
        $there | Export-TcpConversation (Join-Path $TestDrive there.csv) -As Csv
        $here | Export-TcpConversation (Join-Path $TestDrive here.csv) -As Csv
        $columns = (Import-Csv (Join-Path $TestDrive here.csv))[0].psobject.Properties.Name | Where-Object { $_ -ne 'host' }
        Import-Csv (Join-Path $TestDrive there.csv) | Select-Object $columns | ConvertTo-Csv | Should -Be (Import-Csv (Join-Path $TestDrive here.csv) | Select-Object $columns | ConvertTo-Csv)
    }

    It 'come merged and summed up from there as well' {
        $sum = Invoke-Command @remote { Import-Module $using:modulePath; Import-TcpCapture $using:one, $using:two | Merge-TcpConversation | Measure-TcpConversation }
        $sum.Conversations | Should -Be 1
        $sum.TopTalkers[0].Address | Should -Be '10.0.0.1'
    }
}
