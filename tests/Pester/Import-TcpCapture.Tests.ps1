BeforeAll {
    . $PSScriptRoot/Common.ps1

    # Two connections, one to port 80 and one to port 443; the second server resets.
    function New-Capture([string] $Path) {
        $net = New-TcpNetwork
        New-TcpListener 443 | Out-Null
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -For 10s
        New-TcpConnection -To 10.0.0.2:443 | Close-TcpConnection -Abort
        Step-TcpNetwork -Idle
        Export-TcpCapture $Path -Network $net
    }
}

Describe 'Import-TcpCapture' {
    BeforeAll {
        $path = Join-Path $TestDrive one.pcapng
        New-Capture $path
        Copy-Item $path (Join-Path $TestDrive two.pcapng)
        Copy-Item $path (Join-Path $TestDrive 'odd[1].pcapng')
    }

    It 'gives one conversation for each, with its file, states and analysis' {
        $all = Import-TcpCapture $path
        $all.Count | Should -Be 2
        $all.Stream | Sort-Object | Should -Be 0, 1
        $all[0].Files | Should -Be $path
        ($all | Where-Object Stream -eq 1).Ended | Should -Be 'ResetByClient'
        ($all | Where-Object Stream -eq 0).StateChanges.To | Should -Contain 'Established'
    }

    It 'takes <How>' -ForEach @(
        @{ How = 'wildcards'; Count = 6; Call = { Import-TcpCapture (Join-Path $TestDrive *.pcapng) } }
        @{ How = 'several paths'; Count = 4; Call = { Import-TcpCapture (Join-Path $TestDrive one.pcapng), (Join-Path $TestDrive two.pcapng) } }
        @{ How = 'files from the pipeline'; Count = 6; Call = { Get-ChildItem $TestDrive -Filter *.pcapng | Import-TcpCapture } }
        @{ How = 'paths from the pipeline'; Count = 2; Call = { $path | Import-TcpCapture } }
        @{ How = 'a literal path'; Count = 2; Call = { Import-TcpCapture -LiteralPath (Join-Path $TestDrive 'odd[1].pcapng') } }
    ) {
        @(& $Call).Count | Should -Be $Count
    }

    It 'filters by <Filter>' -ForEach @(
        @{ Filter = 'port'; Streams = 1; Call = { Import-TcpCapture $path -Port 443 } }
        @{ Filter = 'address'; Streams = 0, 1; Call = { Import-TcpCapture $path -Address 10.0.0.1 } }
        @{ Filter = 'an address that nobody has'; Streams = @(); Call = { Import-TcpCapture $path -Address 10.0.0.7 } }
        @{ Filter = 'a prefix'; Streams = 0, 1; Call = { Import-TcpCapture $path -Address 10.0.0.0/30 } }
        @{ Filter = 'a prefix in which nobody is'; Streams = @(); Call = { Import-TcpCapture $path -Address 10.0.0.8/29 } }
        @{ Filter = 'several addresses and prefixes'; Streams = 0, 1; Call = { Import-TcpCapture $path -Address 192.0.2.1, 2001:db8::/32, 10.0.0.0/8 } }
        @{ Filter = 'objects of .NET'; Streams = 0, 1; Call = { Import-TcpCapture $path -Address ([ipaddress] '10.0.0.1'), ([System.Net.IPNetwork]::Parse('192.0.2.0/24')) } }
        @{ Filter = 'stream'; Streams = 1; Call = { Import-TcpCapture $path -Stream 1 } }
        @{ Filter = 'ending'; Streams = 0; Call = { Import-TcpCapture $path -Ended ClosedByClient } }
        @{ Filter = 'state'; Streams = 0; Call = { Import-TcpCapture $path -State TIME-WAIT } }
        @{ Filter = 'end of time'; Streams = 0; Call = { Import-TcpCapture $path -EndTime 2020-01-01T00:00:05Z } }
        @{ Filter = 'start of time, as a date'; Streams = 0; Call = { Import-TcpCapture $path -StartTime ([datetime]::new(2020, 1, 1, 0, 0, 5, [DateTimeKind]::Utc)) } }
        @{ Filter = 'start of time, in seconds'; Streams = @(); Call = { Import-TcpCapture $path -StartTime 1600000000 } }
    ) {
        (& $Call).Stream | Sort-Object | Should -Be $Streams
    }

    It 'refuses <What> where it is typed' -ForEach @(
        @{ What = 'an address that is none'; Call = { Import-TcpCapture $path -Address 10.0.0.300 }; Message = '*10.0.0.300*IPv4 or IPv6*' }
        @{ What = 'a prefix longer than an address'; Call = { Import-TcpCapture $path -Address 10.0.0.1, 10.0.0.0/33 }; Message = "*'10.0.0.0/33'*10.0.0.0/8*" }
        @{ What = 'a time that is none'; Call = { Import-TcpCapture $path -StartTime yesterdayish }; Message = '*yesterdayish*date and time*' }
        @{ What = 'a date out of range'; Call = { Import-TcpCapture $path -StartTime 9999-12-31 }; Message = "*'9999-12-31' is out of range*1700 to 2200*" }
        @{ What = 'a date as an object out of range'; Call = { Import-TcpCapture $path -EndTime ([datetime]::MinValue) }; Message = '*is out of range*1700 to 2200*' }
        @{ What = 'seconds out of range'; Call = { Import-TcpCapture $path -EndTime 1e12 }; Message = '*is out of range*1700 to 2200*' }
        @{ What = 'patience that is too short to be counted'; Call = { Import-TcpCapture $path -IdleTimeout 1ns }; Message = '-IdleTimeout is too short: the shortest is 100ns*' }
        @{ What = 'an empty list of addresses'; Call = { Import-TcpCapture $path -Address @() }; Message = "*'Address'*empty*" }
        @{ What = 'an empty list of ports'; Call = { Import-TcpCapture $path -Port @() }; Message = "*'Port'*empty*" }
        @{ What = 'an empty list of streams'; Call = { Import-TcpCapture $path -Stream @() }; Message = "*'Stream'*empty*" }
        @{ What = 'an empty list of states'; Call = { Import-TcpCapture $path -State @() }; Message = "*'State'*empty*" }
        @{ What = 'an empty list of endings'; Call = { Import-TcpCapture $path -Ended @() }; Message = "*'Ended'*empty*" }
        @{ What = 'an empty list of streams of segments'; Call = { Get-TcpSegment -Path $path -Stream @() }; Message = "*'Stream'*empty*" }
        @{ What = 'an empty list of fates'; Call = { Get-TcpSegment -Path $path -Fate @() }; Message = "*'Fate'*empty*" }
        @{ What = 'whole conversations of segments'; Call = { Import-TcpCapture $path -As Segment -State Closed }; Message = '*-State*whole conversations*' }
    ) {
        $Call | Should -Throw $Message
    }

    It 'gives conversations and segments that have their addresses in JSON' {
        $conversation = Import-TcpCapture $path -Stream 0
        ($conversation | ConvertTo-Json -WarningAction Ignore | ConvertFrom-Json).Client.Endpoint.Address | Should -Be 10.0.0.1
        ($conversation | ConvertTo-Json -Depth 4 | ConvertFrom-Json).Client.Endpoint.Address.Text | Should -Be 10.0.0.1
        $segment = Import-TcpCapture $path -As Segment | Select-Object -First 1
        ($segment | ConvertTo-Json -Depth 1 -WarningAction Ignore | ConvertFrom-Json).Destination.Address | Should -Be 10.0.0.2
        ($segment | ConvertTo-Json -WarningAction Ignore | ConvertFrom-Json).Destination.Address.Text | Should -Be 10.0.0.2
    }

    It 'takes an end of a conversation for its address' {
        $one = Import-TcpCapture $path -Stream 0
        (Import-TcpCapture $path -Address $one.Client.Endpoint).Stream | Sort-Object | Should -Be 0, 1
        { Import-TcpCapture $path -Address 10.0.0.1:80 } | Should -Throw '*10.0.0.1:80*IPv4 or IPv6*'
    }

    It 'passes over folders that a wildcard meets, not one that is named' {
        $ErrorActionPreference = 'Continue'
        $place = New-Item -ItemType Directory (Join-Path $TestDrive folders)
        $inner = New-Item -ItemType Directory (Join-Path $place a), (Join-Path $place b)
        (Import-TcpCapture (Join-Path $place *) 2>&1).FullyQualifiedErrorId | Should -Be 'PathNotFound,TcpShell.Commands.ImportTcpCaptureCommand' -Because 'there is nothing else'
        Copy-Item $path (Join-Path $place c.pcapng)
        $out = Import-TcpCapture (Join-Path $place *) 2>&1
        $out | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | Should -BeNullOrEmpty
        $out.Stream | Sort-Object | Should -Be 0, 1
        (Import-TcpCapture $inner[0].FullName 2>&1).FullyQualifiedErrorId | Should -Be 'PathIsFolder,TcpShell.Commands.ImportTcpCaptureCommand'
    }

    It 'has an id for addresses that are none' {
        { Import-TcpCapture $path -Address 2001:db8::/129 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,TcpShell.Commands.ImportTcpCaptureCommand'
    }

    It 'gives the same in the same order with any number of processors' {
        $files = Get-ChildItem $TestDrive -Filter *.pcapng
        $one = ($files | Import-TcpCapture -ThrottleLimit 1 | ForEach-Object { "$_ $($_.Files)" })
        $several = ($files | Import-TcpCapture -ThrottleLimit 4 | ForEach-Object { "$_ $($_.Files)" })
        $several | Should -Be $one
    }

    It 'reads split captures as one with -Merge' {
        $segments = Import-TcpCapture $path -As Segment
        $segments | Where-Object Number -Le 5 | Export-TcpCapture (Join-Path $TestDrive part1.pcap)
        $segments | Where-Object Number -GT 5 | Export-TcpCapture (Join-Path $TestDrive part2.pcap)
        $parts = Join-Path $TestDrive part1.pcap, part2.pcap
        @(Import-TcpCapture (Join-Path $TestDrive part*.pcap)).Count | Should -BeGreaterThan 2
        $merged = Import-TcpCapture (Join-Path $TestDrive part2.pcap), (Join-Path $TestDrive part1.pcap) -Merge
        ($merged | ForEach-Object { "$_" }) | Should -Be (Import-TcpCapture $path | ForEach-Object { "$_" })
        $merged[0].Files.Count | Should -Be 2
        @(Import-TcpCapture (Join-Path $TestDrive part*.pcap) -Merge -As Segment).Info | Should -Be $segments.Info
        $parts | Remove-Item -ErrorAction Ignore
    }

    It 'gives a conversation before the file is read to its end, and reads no further with -First 1' {
        $net = New-TcpNetwork
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -For 10m
        New-TcpConnection | Send-TcpData ([byte[]]::new(3000000))
        Step-TcpNetwork -For 30s
        $long = Join-Path $TestDrive long.pcap
        Export-TcpCapture $long
        $bytes = [System.IO.File]::ReadAllBytes($long)
        [System.IO.File]::WriteAllBytes($long, $bytes[0..($bytes.Length - 10)])
        Import-TcpCapture $long -ErrorVariable damage -ErrorAction SilentlyContinue | Out-Null
        $damage.Count | Should -Be 1
        $first = Import-TcpCapture $long -ThrottleLimit 1 -ErrorVariable damage | Select-Object -First 1
        $first.Stream | Should -Be 0
        $damage | Should -BeNullOrEmpty
        Remove-Item $long
    }

    It 'gives conversations whose packets are found again, whatever was left out or cut when they were read' {
        $second = Import-TcpCapture $path -StartTime 2020-01-01T00:00:05Z
        $second.Stream | Should -Be 0 -Because 'what is before is as if it were not in the capture'
        $second | ConvertTo-TcpDiagram -Width 100 | Should -Match '10\.0\.0\.2:443'
        $first = Import-TcpCapture $path -EndTime 2020-01-01T00:00:00.015Z
        $first | Export-TcpStream -As Text -Side Client | Should -BeNullOrEmpty -Because 'the data comes later'
        (Import-TcpCapture $path -EndTime 2020-01-01T00:00:05Z) | Export-TcpStream -As Text -Side Client | Should -Be 'hello'
    }

    It 'completes endings and states' {
        (TabExpansion2 'Import-TcpCapture x.pcap -Ended Clo').CompletionMatches.CompletionText | Should -Be 'ClosedByClient', 'ClosedByServer'
        (TabExpansion2 'Import-TcpCapture x.pcap -State Time').CompletionMatches.CompletionText | Should -Contain 'TimeWait'
        (TabExpansion2 'Import-TcpCapture x.pcap -As S').CompletionMatches.CompletionText | Should -Be 'Segment'
    }

    It 'stops reading with -First, in one file and in many' {
        @(Import-TcpCapture $path | Select-Object -First 1).Count | Should -Be 1
        @(Get-ChildItem $TestDrive -Filter *.pcapng | Import-TcpCapture | Select-Object -First 1).Count | Should -Be 1
        Remove-Item (Join-Path $TestDrive two.pcapng)
        Copy-Item $path (Join-Path $TestDrive two.pcapng)
    }

    It 'ends within half a second when it is stopped, and what came before stays' {
        $big = Join-Path $TestDrive big.pcap
        $net = New-TcpNetwork -Latency 1ms
        New-TcpConnection | Send-TcpData ('x' * 500000) | Out-Null
        Step-TcpNetwork -For 20s
        Get-TcpSegment | Export-TcpCapture $big
        $shell = [powershell]::Create()
        try {
            [void] $shell.AddScript({ param($Module, $Path) Import-Module $Module; foreach ($i in 1..1000) { Import-TcpCapture $Path } }).AddArgument($modulePath).AddArgument($big)
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            while ($output.Count -eq 0 -and -not $running.IsCompleted) { Start-Sleep -Milliseconds 20 }
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $output.Count | Should -BeGreaterThan 0
        } finally {
            $shell.Dispose()
        }
    }

    It 'tells when a limit changed the result' {
        $all = Import-TcpCapture $path -MaximumOpen 1 -WarningVariable warned -WarningAction SilentlyContinue
        $all | Should -Not -BeNullOrEmpty
        $warned | Should -BeNullOrEmpty # the two follow each other
        $net = New-TcpNetwork
        1..3 | ForEach-Object { New-TcpConnection } | Send-TcpData 'hello'
        Export-TcpCapture (Join-Path $TestDrive open.pcapng)
        Import-TcpCapture (Join-Path $TestDrive open.pcapng) -MaximumOpen 1 -WarningVariable warned -WarningAction SilentlyContinue | Out-Null
        $warned | Should -Match '-MaximumOpen'
        Remove-Item (Join-Path $TestDrive open.pcapng)
    }

    It 'goes on after a file that is none, with one error' {
        Set-Content (Join-Path $TestDrive bad.pcapng) 'no capture'
        $all = Import-TcpCapture (Join-Path $TestDrive bad.pcapng), $path -ErrorAction SilentlyContinue -ErrorVariable failed
        $all.Count | Should -Be 2
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'CaptureFormatUnknown,TcpShell.Commands.ImportTcpCaptureCommand'
        Remove-Item (Join-Path $TestDrive bad.pcapng)
    }

    It 'fits into 80 columns' {
        $lines = Import-TcpCapture $path | Format-Table | Out-String -Width 80 -Stream
        ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        $lines -match '10.0.0.1:\d+ +10.0.0.2:443' | Should -Not -BeNullOrEmpty
    }
}

Describe 'Import-TcpCapture when it is stopped' {
    BeforeAll {
        # Runs a pipeline in a session of its own, stops it, and tells how long it took to obey and what progress it had shown.
        function Measure-Stop([string] $Script, [hashtable] $Variables, [timespan] $After = '00:00:02') {
            $shell = [powershell]::Create()
            try {
                [void] $shell.AddScript('param($Module, $Variables) Import-Module $Module; $Variables.GetEnumerator() | ForEach-Object { Set-Variable $_.Key $_.Value }').AddArgument($modulePath).AddArgument($Variables).Invoke()
                $shell.Commands.Clear()
                $running = $shell.AddScript($Script).BeginInvoke()
                # As soon as it shows progress it is at work: a fast machine would be through with the file after a fixed time.
                $waiting = [System.Diagnostics.Stopwatch]::StartNew()
                while ($waiting.Elapsed -lt $After -and $shell.Streams.Progress.Count -eq 0) { Start-Sleep -Milliseconds 20 }
                $running.IsCompleted | Should -BeFalse -Because 'there must be something to stop'
                $progress = $shell.Streams.Progress.Count
                $clock = [System.Diagnostics.Stopwatch]::StartNew()
                $stopping = $shell.BeginStop($null, $null)
                [void] $stopping.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(20))
                @{ Obeyed = $stopping.IsCompleted; Took = $clock.Elapsed; Progress = $progress }
            } finally {
                # A session that does not obey would hold the test as well.
                if ($stopping.IsCompleted) { $shell.Dispose() }
            }
        }

        # A capture that takes long to read as segments, and a conversation of it that is over soon. It is the same octets over and over.
        $small = Join-Path $TestDrive small.pcap
        $net = New-TcpNetwork -Latency 1ms
        New-TcpConnection | Send-TcpData ('x' * 20000) -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        Export-TcpCapture $small
        $octets = [System.IO.File]::ReadAllBytes($small)
        $big = Join-Path $TestDrive big-one.pcap
        $stream = [System.IO.File]::Create($big)
        $stream.Write($octets, 0, $octets.Length)
        foreach ($i in 1..10000) { $stream.Write($octets, 24, $octets.Length - 24) }
        $stream.Dispose()
        $conversation = @(Import-TcpCapture $small)[0]
    }

    AfterAll {
        Remove-Item $big
    }

    It 'ends at once and shows progress where nothing comes out: <Name>' -ForEach @(
        @{ Name = 'segments of a stream that is not there'; Script = { Import-TcpCapture $big -As Segment -Stream 99999999 } }
        @{ Name = 'Get-TcpSegment'; Script = { Get-TcpSegment -Path $big -Stream 99999999 } }
    ) {
        $stop = Measure-Stop $Script @{ big = $big } -After '00:00:03'
        $stop.Obeyed | Should -BeTrue
        $stop.Took | Should -BeLessThan ([timespan]::FromSeconds(3)) # half a second, and what a busy machine adds
        $stop.Progress | Should -BeGreaterThan 0
    }

    It 'ends at once while it waits for a pipe: <Name>' -Skip:$IsWindows -ForEach @(
        @{ Name = 'conversations'; Script = { Import-TcpCapture $pipe } }
        @{ Name = 'conversations, one processor'; Script = { Import-TcpCapture $pipe -ThrottleLimit 1 } }
        @{ Name = 'segments'; Script = { Import-TcpCapture $pipe -As Segment } }
        @{ Name = 'merged'; Script = { Import-TcpCapture $pipe, $small -Merge } }
        @{ Name = 'two files'; Script = { Import-TcpCapture $pipe, $small } }
        @{ Name = 'Get-TcpSegment'; Script = { Get-TcpSegment -Path $pipe } }
    ) {
        $pipe = Join-Path $TestDrive "pipe$([guid]::NewGuid())"
        mkfifo $pipe
        $stop = Measure-Stop $Script @{ pipe = $pipe; small = $small } -After '00:00:01'
        $stop.Obeyed | Should -BeTrue
        $stop.Took | Should -BeLessThan ([timespan]::FromSeconds(3))
    }

    It 'gives what a silent pipe has brought to its end, and ends at once: <Name>' -Skip:$IsWindows -ForEach @(
        @{ Name = 'one processor'; Throttle = 1 }
        @{ Name = 'two'; Throttle = 2 }
    ) {
        # A conversation that is over, and ten minutes later the beginning of another.
        $net = New-TcpNetwork
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -For 10m
        New-TcpConnection | Out-Null
        $file = Join-Path $TestDrive live.pcap
        Export-TcpCapture $file
        $pipe = Join-Path $TestDrive "live$Throttle"
        mkfifo $pipe
        $shell = [powershell]::Create()
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        [void] $shell.AddScript({ param($Module) Import-Module $Module }).AddArgument($modulePath).Invoke()
        $shell.Commands.Clear()
        [void] $shell.AddScript({ param($Path, $Throttle) Import-TcpCapture $Path -ThrottleLimit $Throttle }).AddArgument($pipe).AddArgument($Throttle)
        $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        $writer = [System.IO.FileStream]::new($pipe, 'Open', 'Write')
        try {
            $writer.Write([System.IO.File]::ReadAllBytes($file))
            $writer.Flush()
            foreach ($try in 1..100) { if ($output.Count -gt 0) { break }; Start-Sleep -Milliseconds 100 }
            $output.Count | Should -Be 1
            $output[0].Stream | Should -Be 0
            $running.IsCompleted | Should -BeFalse
            $stopping = $shell.BeginStop($null, $null)
            $stopping.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(10)) | Should -BeTrue
            $shell.Dispose()
        } finally {
            $writer.Dispose()
        }
    }

    It 'keeps what a pipe brought before its writer stopped within a frame, and tells it once: <Name>' -Skip:$IsWindows -ForEach @(
        @{ Name = 'conversations'; Script = { Import-TcpCapture $pipe }; Count = 1 }
        @{ Name = 'segments'; Script = { Import-TcpCapture $pipe -As Segment }; Count = 8 }
        @{ Name = 'merged'; Script = { Import-TcpCapture $pipe, $whole -Merge -As Segment }; Count = 17 }
        @{ Name = 'watched'; Script = { Watch-TcpSegment -Path $pipe }; Count = 8 }
        @{ Name = 'segments of gzip'; Script = { Import-TcpCapture $pipe -As Segment }; Count = 8; Gzip = $true }
    ) {
        [void] (New-TcpNetwork)
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        $whole = Join-Path $TestDrive "whole$([guid]::NewGuid()).pcap"
        Get-TcpSegment | Export-TcpCapture $whole
        [byte[]] $bytes = [System.IO.File]::ReadAllBytes($whole)[0..(([System.IO.FileInfo] $whole).Length - 14)]
        $cut = "$whole.cut"
        $file = [System.IO.File]::Create($cut)
        $stream = $Gzip ? [System.IO.Compression.GZipStream]::new($file, [System.IO.Compression.CompressionMode]::Compress) : $file
        $stream.Write($bytes, 0, $bytes.Length)
        $stream.Dispose()
        $pipe = Join-Path $TestDrive "cut$([guid]::NewGuid())"
        mkfifo $pipe
        $writer = Start-Process sh "-c `"cat $cut > $pipe`"" -PassThru
        $ErrorActionPreference = 'Continue'
        $failed, $seen = @(& $Script 2>&1).Where({ $_ -is [System.Management.Automation.ErrorRecord] }, 'Split')
        $writer.WaitForExit()
        $seen.Count | Should -Be $Count
        $failed.FullyQualifiedErrorId | Should -BeLike 'CaptureTruncated,*'
    }

    It 'says that what came through a pipe cannot be read again: <Name>' -Skip:$IsWindows -ForEach @(
        @{ Name = 'Export-TcpStream'; Script = { $conversation | Export-TcpStream } }
        @{ Name = 'ConvertTo-TcpDiagram'; Script = { $conversation | ConvertTo-TcpDiagram } }
        @{ Name = 'ConvertTo-TcpScript'; Script = { $conversation | ConvertTo-TcpScript } }
    ) {
        $pipe = Join-Path $TestDrive "again$([guid]::NewGuid())"
        mkfifo $pipe
        $writer = Start-Process sh "-c `"cat $small > $pipe`"" -PassThru
        $conversation = Import-TcpCapture $pipe
        $writer.WaitForExit()
        { & $Script } | Should -Throw -ErrorId 'NoCaptureFile,*'
    }

    It 'takes the display of progress away when enough has come' {
        $shell = [powershell]::Create()
        try {
            [void] $shell.AddScript({ param($Module, $Path) Import-Module $Module; Import-TcpCapture $Path -As Segment | ForEach-Object { if ($_.Number -ge 200) { $_ } else { Start-Sleep -Milliseconds 10 } } | Select-Object -First 1 }).AddArgument($modulePath).AddArgument($big)
            @($shell.Invoke()).Count | Should -Be 1
            $shell.Streams.Progress.Count | Should -BeGreaterThan 1
            $shell.Streams.Progress[-1].RecordType | Should -Be 'Completed'
        } finally {
            $shell.Dispose()
        }
    }
}

Describe 'Import-TcpCapture and what is wrong' {
    BeforeAll {
        $path = Join-Path $TestDrive wrong.pcapng
        New-Capture $path
    }

    It 'names the file in every error' -ForEach @(
        @{ Octets = [byte[]] (0x23, 0x20, 0x52, 0x65, 0x61, 0x64); Message = '*not a capture*' }
        @{ Octets = [byte[]]::new(0); Message = '*empty*' }
        @{ Octets = [byte[]] (0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0); Message = '*ends*' }
    ) {
        $file = Join-Path $TestDrive 'such a.pcap'
        [System.IO.File]::WriteAllBytes($file, $Octets)
        foreach ($call in { Import-TcpCapture $file -ErrorAction Stop }, { Get-TcpSegment -Path $file -ErrorAction Stop }) {
            $call | Should -Throw $Message
            $call | Should -Throw "*$file*"
        }
    }

    It 'says that places in a compressed file are those of what is unpacked' {
        $plain = [System.IO.File]::ReadAllBytes($path)
        $file = Join-Path $TestDrive cut.pcapng.gz
        $gzip = [System.IO.Compression.GZipStream]::new([System.IO.File]::Create($file), [System.IO.Compression.CompressionMode]::Compress)
        $gzip.Write($plain, 0, $plain.Length - 10)
        $gzip.Dispose()
        Import-TcpCapture $file -ErrorAction SilentlyContinue -ErrorVariable damage | Out-Null
        "$damage" | Should -Match 'unpacked'
        $plainFile = Join-Path $TestDrive cut.pcapng
        [System.IO.File]::WriteAllBytes($plainFile, $plain[0..($plain.Length - 11)])
        Import-TcpCapture $plainFile -ErrorAction SilentlyContinue -ErrorVariable damage | Out-Null
        "$damage" | Should -Not -Match 'unpacked'
    }

    It 'shows times that are read as what they are' {
        $shown = Import-TcpCapture $path | Select-Object -First 1 | Format-List | Out-String
        $shown | Should -Match 'Start +: 2020-01-01 00:00:00\.\d{6}Z'
    }

    It 'gives times that compare with dates, and can be made dates' {
        $one = @(Import-TcpCapture $path)[0]
        $one | Where-Object Start -GT '2001-01-01' | Should -Not -BeNullOrEmpty
        $one | Where-Object Start -GT ([datetime]::UtcNow.AddDays(1)) | Should -BeNullOrEmpty
        $one.Start -lt [DateTimeOffset]::UtcNow | Should -BeTrue
        ([datetime] $one.Start).Kind | Should -Be Utc
        [Math]::Abs((([datetime] $one.Start) - [datetime]::UnixEpoch).TotalSeconds - $one.Start.TotalSeconds) | Should -BeLessThan 0.001
        { $one.Start -gt 'yesterday or so' } | Should -Throw
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'a start after the end'; Call = { Import-TcpCapture $path -StartTime 2020-01-02 -EndTime 2020-01-01 }; Id = 'TimesTurnedRound' }
        @{ What = 'no patience at all'; Call = { Import-TcpCapture $path -IdleTimeout 0 }; Id = 'ValueOutOfRange' }
    ) {
        $Call | Should -Throw -ErrorId "$Id,TcpShell.Commands.ImportTcpCaptureCommand"
    }

    It 'says how many files are too many to be merged at once' -Skip:$IsWindows {
        $files = 1..260 | ForEach-Object { $copy = Join-Path $TestDrive "many$_.pcapng"; Copy-Item $path $copy; $copy }
        $script = "Import-Module '$modulePath'; try { Import-TcpCapture '$TestDrive/many*.pcapng' -Merge -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId; `$_.Exception.Message }"
        $said = bash -c 'ulimit -n 200; exec "$0" -NoProfile -NonInteractive -Command "$1"' $pwshPath $script
        $said[0] | Should -Be 'TooManyFiles,TcpShell.Commands.ImportTcpCaptureCommand'
        $said[1] | Should -Match '260 files'
        $files | Remove-Item
    }
}

Describe 'Get-TcpSegment -Path' {
    BeforeAll {
        $net = New-TcpNetwork
        Add-TcpImpairment -Drop -DataOnly -Count 1 | Out-Null
        New-TcpConnection | Send-TcpData 'hello'
        $path = Join-Path $TestDrive lost.pcapng
        Export-TcpCapture $path
    }

    It 'gives packets with the verdicts of the analysis' {
        $data = Get-TcpSegment -Path $path -DataOnly -From 10.0.0.1
        $data.Remark | Should -Be '', '[TCP Retransmission]'
        $data[1].Info | Should -Match '^\[TCP Retransmission\] 49152'
    }

    It 'filters by flags, address and stream' {
        (Get-TcpSegment -Path $path -Flags SYN).Count | Should -Be 1
        (Get-TcpSegment -Path $path -From 10.0.0.2 -Flags SYN,ACK).Count | Should -Be 1
        Get-TcpSegment -Path $path -Stream 7 | Should -BeNullOrEmpty
        @(Get-ChildItem $path | Get-TcpSegment).Count | Should -Be @(Get-TcpSegment -Path $path).Count
    }

    It 'takes <From> for the sender of a captured segment' -ForEach @(
        @{ From = '10.0.0.2'; Count = 2 }
        @{ From = '10.0.0.2:80'; Count = 2 }
        @{ From = '10.0.0.2:81'; Count = 0 }
    ) {
        @(Get-TcpSegment -Path $path -From $From).Count | Should -Be $Count
        @(Get-TcpSegment -Path $path -To $From -DataOnly).Count | Should -Be ($Count -gt 0 ? 2 : 0)
    }

    It 'takes a prefix for the sender or the receiver of a captured segment' {
        @(Get-TcpSegment -Path $path -From 10.0.0.0/30).Count | Should -Be @(Get-TcpSegment -Path $path).Count
        @(Get-TcpSegment -Path $path -From 10.0.0.2/31 -To 10.0.0.0/31).Count | Should -Be @(Get-TcpSegment -Path $path -From 10.0.0.2).Count
        Get-TcpSegment -Path $path -To 10.0.0.4/30 | Should -BeNullOrEmpty
        { Get-TcpSegment -Path $path -To 10.0.0.4/33 } | Should -Throw -ErrorId 'CapturedHostHasNoName,TcpShell.Commands.GetTcpSegmentCommand'
    }

    It 'compares addresses, not their spellings' {
        $net = New-TcpNetwork -Empty
        New-TcpHost a -Address 2001:db8::a | Out-Null
        New-TcpHost b -Address 2001:db8::b | New-TcpListener 80 | Out-Null
        New-TcpConnection -From a -To '[2001:db8::b]:80' | Out-Null
        $six = Join-Path $TestDrive six.pcapng
        Export-TcpCapture $six
        @(Get-TcpSegment -Path $six -From 2001:0DB8:0:0::000A -Flags SYN).Count | Should -Be 1
        @(Get-TcpSegment -Path $six -To '[2001:0db8::0b]:80' -Flags SYN).Count | Should -Be 1
        @(Import-TcpCapture $six -Address 2001:db8::8/125).Count | Should -Be 1
        @(Import-TcpCapture $six -Address 2001:db8::10/125).Count | Should -Be 0
    }

    It 'says that hosts of a capture have no names' {
        { Get-TcpSegment -Path $path -From client } | Should -Throw -ErrorId 'CapturedHostHasNoName,TcpShell.Commands.GetTcpSegmentCommand'
    }

    It 'says which capture each segment is from' {
        $other = Join-Path $TestDrive other.pcapng
        Copy-Item $path $other
        $groups = Import-TcpCapture $path, $other -As Segment | Group-Object File, Stream
        $groups.Count | Should -Be 2
        $groups[0].Group[0].File | Should -Be $path
        $groups[1].Group[0].File | Should -Be $other
        @(Import-TcpCapture $path, $other -As Segment -Merge)[0].File | Should -Be "$path;$other"
    }

    It 'gives segments that come through jobs as what they are' {
        $here = @(Get-TcpSegment -Path $path)
        $there = @(Start-Job { param($Module, $Path) Import-Module $Module; Get-TcpSegment -Path $Path } -ArgumentList $modulePath, $path | Receive-Job -Wait -AutoRemoveJob)
        $there[0] | Should -BeOfType TcpShell.Tracing.SegmentRecord
        $there | Format-Table | Out-String -Width 100 | Should -Be ($here | Format-Table | Out-String -Width 100)
        $there | Format-List | Out-String | Should -Be ($here | Format-List | Out-String)
        $there | ConvertTo-TcpDiagram -Width 100 | Should -Be ($here | ConvertTo-TcpDiagram -Width 100)
        $there | ConvertTo-TcpDiagram -Kind TimeSequence -As Svg | Should -Be ($here | ConvertTo-TcpDiagram -Kind TimeSequence -As Svg)
        $files = 'there', 'here' | ForEach-Object { Join-Path $TestDrive "$_.csv" }
        $there | Export-TcpConversation $files[0] -As Csv
        $here | Export-TcpConversation $files[1] -As Csv
        $columns = (Import-Csv $files[1])[0].psobject.Properties.Name | Where-Object { $_ -ne 'host' }
        Import-Csv $files[0] | Select-Object $columns | ConvertTo-Csv | Should -Be (Import-Csv $files[1] | Select-Object $columns | ConvertTo-Csv)
        $back = Join-Path $TestDrive back.pcapng
        $there | Export-TcpCapture $back
        (Get-TcpSegment -Path $back).Info | Should -Be $here.Info
    }

    It 'agrees with tshark on the verdicts' {
        if (-not (Get-Command tshark -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tshark is not installed (apt-get install tshark)' }
        $theirs = & tshark -r $path -Y tcp.analysis.retransmission -T fields -e frame.number 2>$null
        (Get-TcpSegment -Path $path | Where-Object Remark -Match Retransmission).Number | Should -Be $theirs
    }

    It 'shows when states changed to the microsecond' {
        $changes = (Import-TcpCapture $path -Stream 0).StateChanges
        $lines = $changes | Format-Table | Out-String -Width 120 -Stream
        @($lines -match '^ *\d\d:\d\d:\d\d\.\d{6} ').Count | Should -Be $changes.Count
        @($lines -match '\.000000 ').Count | Should -BeLessThan $changes.Count
    }

    It 'does not take -Absolute for conversations' {
        { Import-TcpCapture $path -Absolute } | Should -Throw -ErrorId 'OnlyForSegments,TcpShell.Commands.ImportTcpCaptureCommand'
        Import-TcpCapture $path -Absolute:$false | Should -Not -BeNullOrEmpty
    }
}
