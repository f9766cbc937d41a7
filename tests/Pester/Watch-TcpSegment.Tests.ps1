BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $noPipes = $IsWindows ? 'named pipes are made with mkfifo, on Linux and macOS' : $null
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkNamespace.ps1

    # Writes octets in small pieces that end anywhere, as a program does that captures.
    function Start-Writer([string] $Path, [byte[]] $Bytes) {
        $shell = [powershell]::Create().AddScript({
                param($Path, $Bytes)
                $stream = [System.IO.FileStream]::new($Path, 'OpenOrCreate', 'Write', 'ReadWrite')
                for ($i = 0; $i -lt $Bytes.Length; $i += 70) {
                    $stream.Write($Bytes, $i, [Math]::Min(70, $Bytes.Length - $i))
                    $stream.Flush()
                    Start-Sleep -Milliseconds 20
                }

                $stream.Dispose()
            }).AddArgument($Path).AddArgument($Bytes)
        @{ Shell = $shell; Handle = $shell.BeginInvoke() }
    }
}

Describe 'Watch-TcpSegment -Path' {
    BeforeAll {
        [void] (New-TcpNetwork)
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        $whole = Join-Path $TestDrive 'whole.pcapng'
        Get-TcpSegment | Export-TcpCapture $whole
        $expected = Import-TcpCapture $whole -As Segment
        $bytes = [System.IO.File]::ReadAllBytes($whole)
    }

    It 'gives the segments of a file as Import-TcpCapture does, and ends with it' {
        $seen = Watch-TcpSegment -Path $whole
        $seen.Info | Should -Be $expected.Info
        $seen.Number | Should -Be $expected.Number
    }

    It 'follows a file that grows in pieces, whatever they end in' {
        $growing = Join-Path $TestDrive 'growing.pcapng'
        [void] (New-Item $growing)
        $writer = Start-Writer $growing $bytes
        (Watch-TcpSegment -Path $growing -Wait -Count $expected.Count).Info | Should -Be $expected.Info
        [void] $writer.Shell.EndInvoke($writer.Handle)
    }

    It 'follows what Export-TcpCapture is still writing' {
        [void] (New-TcpNetwork)
        $c = New-TcpConnection
        1..4 | ForEach-Object { Step-TcpNetwork -For 1m; $c | Send-TcpData 'ping' }
        $live = Join-Path $TestDrive 'live.pcapng'
        $reader = [powershell]::Create().AddScript({
                param($Module, $Path)
                Import-Module $Module
                while (-not (Test-Path $Path)) { Start-Sleep -Milliseconds 20 }
                Watch-TcpSegment -Path $Path -Wait -Count 6
            }).AddArgument($modulePath).AddArgument($live)
        $reading = $reader.BeginInvoke()

        # The writer goes on only when the reader has seen what was written before.
        $readMeanwhile = $false
        Get-TcpSegment | ForEach-Object {
            if ($_.Number -eq 12) {
                $readMeanwhile = $reading.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(60))
            }

            $_
        } | Export-TcpCapture $live
        $readMeanwhile | Should -BeTrue
        $reader.EndInvoke($reading).Info | Should -Be (Get-TcpSegment | Select-Object -First 6).Info
    }

    It 'reads a named pipe to its writer''s end' -Skip:([bool] $noPipes) {
        $pipe = Join-Path $TestDrive 'pipe'
        mkfifo $pipe
        $writer = Start-Writer $pipe $bytes
        (Watch-TcpSegment -Path $pipe).Info | Should -Be $expected.Info
        [void] $writer.Shell.EndInvoke($writer.Handle)
    }

    It 'reads the standard input as -' {
        $script = Join-Path $TestDrive 'stdin.ps1'
        Set-Content $script "Import-Module '$modulePath'; (Watch-TcpSegment -Path -).Info"
        $start = [System.Diagnostics.ProcessStartInfo]::new($pwshPath, "-NoProfile -NonInteractive -File `"$script`"")
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
        $process = [System.Diagnostics.Process]::Start($start)
        $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
        $process.StandardInput.Close()
        $process.StandardOutput.ReadToEnd().TrimEnd() -split '\r?\n' | Should -Be $expected.Info
    }

    It 'can be stopped while it waits for <What>' -ForEach @(
        @{ What = 'the rest of a file'; Make = { Set-Content $path -AsByteStream $bytes[0..999] } }
        @{ What = 'the first octet of a file'; Make = { [void] (New-Item $path) } }
        @{ What = 'somebody who writes to a pipe'; Make = { if ($IsWindows) { Set-ItResult -Skipped -Because 'there is no mkfifo' } else { mkfifo $path } } }
    ) {
        $path = Join-Path $TestDrive ([guid]::NewGuid())
        . $Make
        $shell = [powershell]::Create().AddScript({ param($Module, $Path) Import-Module $Module; 'ready'; Watch-TcpSegment -Path $Path -Wait }).AddArgument($modulePath).AddArgument($path)
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        while ($output.Count -eq 0) { Start-Sleep -Milliseconds 20 }
        $shell.Stop()
        { $shell.EndInvoke($running) } | Should -Throw
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
    }

    It 'ends after -Duration and says nothing of a file that is not complete yet' {
        $cut = Join-Path $TestDrive 'cut.pcapng'
        Set-Content $cut -AsByteStream $bytes[0..($bytes.Length - 10)]
        $seen = Watch-TcpSegment -Path $cut -Wait -Duration 300ms -ErrorVariable failed
        @($seen).Count | Should -Be ($expected.Count - 1)
        $failed | Should -BeNullOrEmpty
    }

    It 'reports <Id>' -ForEach @(
        @{ Id = 'CaptureTruncated'; Call = { Set-Content (Join-Path $TestDrive 'short.pcapng') -AsByteStream $bytes[0..($bytes.Length - 10)]; Watch-TcpSegment -Path (Join-Path $TestDrive 'short.pcapng') } }
        @{ Id = 'CaptureFormatUnknown'; Call = { Watch-TcpSegment -Path $PSCommandPath } }
        @{ Id = 'PathNotFound'; Call = { Watch-TcpSegment -Path (Join-Path $TestDrive 'nothing') } }
        @{ Id = 'PathIsFolder'; Call = { Watch-TcpSegment -Path $TestDrive } }
    ) {
        $failed = $null
        try { & $Call 2>&1 | ForEach-Object { if ($_ -is [System.Management.Automation.ErrorRecord]) { $failed = $_ } } } catch { $failed = $_ }
        $failed.FullyQualifiedErrorId | Should -Be "$Id,TcpShell.Commands.WatchTcpSegmentCommand"
    }
}

Describe 'Export-TcpCapture in pieces' {
    BeforeAll {
        [void] (New-TcpNetwork)
        New-TcpConnection | Send-TcpData ('x' * 100000)
        $segments = Get-TcpSegment
    }

    It 'goes on in a new file when one is full, and loses nothing' {
        $files = $segments | Export-TcpCapture (Join-Path $TestDrive 'size.pcapng') -MaximumSize 16KB -PassThru
        $files.Count | Should -BeGreaterThan 5
        $files[0].Name | Should -Be 'size_00001_20200101000000.pcapng'
        $files.Name | Should -Be ($files.Name | Sort-Object)
        $files | Select-Object -SkipLast 1 | ForEach-Object { $_.Length | Should -BeGreaterOrEqual 16KB }
        $files | ForEach-Object { $_.Length | Should -BeLessThan 18KB }
        @($files | ForEach-Object { Import-TcpCapture $_ -As Segment -Absolute }).Count | Should -Be $segments.Count
    }

    It 'goes on in a new file after a time' {
        $spread = Join-Path $TestDrive 'hours.pcap'
        [void] (New-TcpNetwork)
        $c = New-TcpConnection
        1..4 | ForEach-Object { Step-TcpNetwork -For 30m; $c | Send-TcpData 'ping' }
        $files = Get-TcpSegment | Export-TcpCapture $spread -RotateAfter 1h -PassThru
        $files.Name | Should -Be 'hours_00001_20200101000000.pcap', 'hours_00002_20200101010000.pcap', 'hours_00003_20200101020000.pcap'
    }

    It 'keeps no more files than it shall' {
        $folder = New-Item (Join-Path $TestDrive 'ring') -ItemType Directory
        $files = $segments | Export-TcpCapture (Join-Path $folder 'ring.pcapng') -MaximumSize 8KB -MaximumFiles 3 -PassThru
        (Get-ChildItem $folder).Name | Should -Be ($files.Name | Select-Object -Last 3)
    }

    It 'says that a number of files alone means nothing' {
        { $segments | Export-TcpCapture (Join-Path $TestDrive 'x.pcapng') -MaximumFiles 3 } | Should -Throw -ErrorId 'RotationNotSet,TcpShell.Commands.ExportTcpCaptureCommand'
    }
}

Describe 'Watch-TcpSegment on a device' {
    BeforeAll {
        $noNetwork = Get-NetworkObstacle
        if ($noNetwork) { return }
        $result = Invoke-InNetworkNamespace {
            # A server that echoes, and a client that comes again and again.
            $busy = [powershell]::Create().AddScript({
                    $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 7777)
                    $listener.Start()
                    while ($true) {
                        $client = [System.Net.Sockets.TcpClient]::new('127.0.0.1', 7777)
                        $server = $listener.AcceptTcpClient()
                        $client.GetStream().Write([byte[]](1..100), 0, 100)
                        $client.Dispose()
                        $server.Dispose()
                        Start-Sleep -Milliseconds 20
                    }
                })
            [void] $busy.BeginInvoke()

            function Get-ErrorId([scriptblock] $Call) {
                try { & $Call } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
            }

            $first = Watch-TcpSegment lo -Filter 'tcp port 7777' -Count 20
            $completed = (TabExpansion2 'Watch-TcpSegment -Interface l' 29).CompletionMatches.CompletionText
            $pieces = Watch-TcpSegment lo -Duration 2s | Export-TcpCapture (Join-Path $folder 'piece.pcapng') -MaximumSize 4KB -PassThru
            $shell = [powershell]::Create().AddScript({ param($Module) Import-Module $Module; Watch-TcpSegment lo }).AddArgument($modulePath)
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            while ($output.Count -lt 5) { Start-Sleep -Milliseconds 20 }
            $shell.Stop()

            # Much more than a small buffer holds, and a pipeline that does not keep up.
            $bulk = [powershell]::Create().AddScript({
                    $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 7779)
                    $listener.Start()
                    $client = [System.Net.Sockets.TcpClient]::new('127.0.0.1', 7779)
                    $server = $listener.AcceptTcpClient()
                    $taking = $server.GetStream().CopyToAsync([System.IO.Stream]::Null)
                    while ($true) { $client.GetStream().Write([byte[]]::new(100000), 0, 100000) }
                })
            [void] $bulk.BeginInvoke()
            Watch-TcpSegment lo -Duration 3s -BufferSize 65536 -WarningVariable dropped -WarningAction SilentlyContinue | ForEach-Object { Start-Sleep -Milliseconds 100 }
            $bulk.Stop()
            @{
                Dropped     = @($dropped.Message)
                Devices     = (Get-TcpDevice).Name
                Table       = Get-TcpDevice | Out-String -Width 80
                NoDevice    = Get-ErrorId { Get-TcpDevice nosuch -ErrorAction Stop }
                Types       = @($first | ForEach-Object { $_.GetType().FullName } | Sort-Object -Unique)
                Ports       = @($first | ForEach-Object { $_.Source.Port; $_.Destination.Port } | Where-Object { $_ -lt 30000 } | Sort-Object -Unique)
                First       = @($first.Info)
                Numbers     = @($first.Number)
                Other       = @(Watch-TcpSegment lo -Filter 'tcp port 7778' -Duration 300ms).Count
                Few         = @(Watch-TcpSegment lo | Select-Object -First 2).Count
                FromDevice  = @(Get-TcpDevice lo | Watch-TcpSegment -Count 1).Count
                Pieces      = @($pieces.Name)
                InPieces    = @($pieces | ForEach-Object { Import-TcpCapture $_ -As Segment }).Count
                Stopped     = "$($shell.InvocationStateInfo.State)"
                Completed   = @($completed)
                WrongDevice = Get-ErrorId { Watch-TcpSegment nosuch }
                WrongFilter = Get-ErrorId { Watch-TcpSegment lo -Filter 'tcp portt' }
            }
        }
        $forbidden = Invoke-InNetworkNamespace -Without net_raw { try { Watch-TcpSegment lo } catch { $_.FullyQualifiedErrorId; $_.ErrorDetails.RecommendedAction } }
        $library = (ldconfig -p | Select-String 'libpcap\.so\.\S+ .*=> (\S+)').Matches[0].Groups[1].Value
        $missing = Invoke-InNetworkNamespace -Hiding $library {
            $ids = foreach ($call in { Get-TcpDevice }, { Watch-TcpSegment lo }) { try { & $call } catch { $_.FullyQualifiedErrorId; $_.Exception.Message } }
            [void] (New-TcpConnection)
            @{ Errors = @($ids); Segments = @(Get-TcpSegment).Count; Completed = @((TabExpansion2 'Watch-TcpSegment -Interface l' 29).CompletionMatches).Count }
        }
    }

    BeforeEach {
        if ($noNetwork) { Set-ItResult -Skipped -Because $noNetwork }
    }

    It 'lists the devices, in 80 columns' {
        $result.Devices | Should -Contain 'lo'
        $result.Table -split '\r?\n' | Where-Object { $_.Length -gt 80 } | Should -BeNullOrEmpty
        $result.NoDevice[0] | Should -Be 'DeviceNotFound,TcpShell.Commands.GetTcpDeviceCommand'
    }

    It 'completes the names of devices' { $result.Completed | Should -Contain 'lo' }

    It 'gives the segments that pass, as the objects of labs and captures' {
        $result.Types | Should -Be 'TcpShell.Tracing.SegmentRecord'
        $result.First.Count | Should -Be 20
        $result.First -match '\[SYN\] Seq=0' | Should -Not -BeNullOrEmpty
        $result.Numbers | Should -Be ($result.Numbers | Sort-Object)
    }

    It 'gives what the filter lets through and nothing else' {
        $result.Ports | Should -Be 7777
        $result.Other | Should -Be 0
    }

    It 'ends when the pipeline has enough, and when it is stopped' {
        $result.Few | Should -Be 2
        $result.FromDevice | Should -Be 1
        $result.Stopped | Should -Be 'Stopped'
    }

    It 'tells of frames that were dropped, as often as there are more of them' {
        $result.Dropped.Count | Should -BeGreaterThan 1
        $numbers = $result.Dropped | ForEach-Object { if ($_ -match '^(\d+) of (\d+) frames were dropped') { [long] $Matches[1] } }
        $numbers | Should -Be ($numbers | Sort-Object -Unique)
    }

    It 'fills one file after another' {
        $result.Pieces.Count | Should -BeGreaterThan 2
        $result.InPieces | Should -BeGreaterThan 20
    }

    It 'says what is wrong with a device or a filter' {
        $result.WrongDevice[0] | Should -Be 'DeviceNotFound,TcpShell.Commands.WatchTcpSegmentCommand'
        $result.WrongFilter[0] | Should -Be 'FilterNotUnderstood,TcpShell.Commands.WatchTcpSegmentCommand'
        $result.WrongFilter[1] | Should -Match 'tcp portt.*syntax error'
    }

    It 'says how to get the right where it is missing' {
        $forbidden[0] | Should -Be 'PermissionDenied,TcpShell.Commands.WatchTcpSegmentCommand'
        $forbidden[1] | Should -Match 'setcap cap_net_raw'
    }

    It 'says what to install where libpcap is missing, and everything else works' {
        $missing.Errors[0] | Should -Be 'CaptureBackendMissing,TcpShell.Commands.GetTcpDeviceCommand'
        $missing.Errors[1] | Should -Match 'apt-get install libpcap'
        $missing.Errors[2] | Should -Be 'CaptureBackendMissing,TcpShell.Commands.WatchTcpSegmentCommand'
        $missing.Segments | Should -Be 3
        $missing.Completed | Should -Be 0
    }
}

Describe 'ConvertTo-PacketDotNet' {
    BeforeAll {
        [void] (New-TcpNetwork)
        [void] (New-TcpConnection)
        $noPackages = try { [void] (Get-TcpSegment | ConvertTo-PacketDotNet); $null } catch { $_.Exception.Message }
    }

    It 'gives packets with the same fields' {
        if ($noPackages) { Set-ItResult -Skipped -Because $noPackages }
        $syn = Get-TcpSegment -Flags SYN
        $packet = $syn | ConvertTo-PacketDotNet
        $packet.GetType().FullName | Should -Be 'PacketDotNet.IPv4Packet'
        $packet.PayloadPacket.SequenceNumber | Should -Be $syn.SequenceNumber
        $packet.PayloadPacket.Synchronize | Should -BeTrue
        $packet.PayloadPacket.OptionsCollection.Count | Should -Be 5
    }

    It 'refuses each segment from which PacketDotNet would not return' {
        if ($noPackages) { Set-ItResult -Skipped -Because $noPackages }
        Send-TcpSegment -From 10.0.0.9:1 -To 10.0.0.2:80 -Flags SYN -Option 8, 0, 0, 0
        $packets = Get-TcpSegment | ConvertTo-PacketDotNet -ErrorAction SilentlyContinue -ErrorVariable failed
        $packets.Count | Should -Be ((Get-TcpSegment).Count - 1)
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'SegmentNotConvertible,TcpShell.Commands.ConvertToPacketDotNetCommand'
    }

    It 'says that this build has no PacketDotNet' {
        if (-not $noPackages) { Set-ItResult -Skipped -Because 'this build has PacketDotNet' }
        { Get-TcpSegment | ConvertTo-PacketDotNet } | Should -Throw -ErrorId 'CaptureBackendMissing,TcpShell.Commands.ConvertToPacketDotNetCommand'
    }
}

Describe 'Watch-TcpSegment -Path, in words' {
    It 'says that a path of another provider is in no file system' {
        { Watch-TcpSegment -Path env:PATH -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFileSystem,*'
    }

    It 'names the standard input when there is nothing in it' {
        $said = '' | & $pwshPath -NoProfile -NonInteractive -Command "Import-Module '$modulePath'; try { Watch-TcpSegment -Path - -ErrorAction Stop } catch { `$_.Exception.Message; `$_.TargetObject }"
        "$said" | Should -BeLike '*standard input*'
        "$said" | Should -Not -BeLike "*('-')*"
    }

    It 'names the file that the system cannot read' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'it is a file of Linux that cannot be read from its beginning'; return }
        { Watch-TcpSegment -Path /proc/self/mem -ErrorAction Stop } | Should -Throw '*/proc/self/mem*' -ErrorId 'FileNotReadable,*'
    }

    It 'does not speak of wildcards, which it does not take' {
        try { Watch-TcpSegment -Path $TestDrive -ErrorAction Stop } catch { $failed = $_ }
        $failed.FullyQualifiedErrorId | Should -BeLike 'PathIsFolder,*'
        $failed.ErrorDetails.RecommendedAction | Should -Not -BeLike '*wildcard*'
    }
}
