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
        @{ What = 'a time that is none'; Call = { Import-TcpCapture $path -StartTime yesterdayish }; Message = '*yesterdayish*date and time*' }
        @{ What = 'whole conversations of segments'; Call = { Import-TcpCapture $path -As Segment -State Closed }; Message = '*-State*whole conversations*' }
    ) {
        $Call | Should -Throw $Message
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

    It 'agrees with tshark on the verdicts' {
        if (-not (Get-Command tshark -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tshark is not installed (apt-get install tshark)' }
        $theirs = & tshark -r $path -Y tcp.analysis.retransmission -T fields -e frame.number 2>$null
        (Get-TcpSegment -Path $path | Where-Object Remark -Match Retransmission).Number | Should -Be $theirs
    }
}
