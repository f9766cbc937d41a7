BeforeAll {
    . $PSScriptRoot/Common.ps1
    $tshark = Get-Command tshark -ErrorAction Ignore
}

Describe 'Export-TcpCapture and Import-TcpCapture' {
    BeforeEach {
        $net = New-TcpNetwork
        Add-TcpImpairment -Drop -DataOnly -Count 1 | Out-Null
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
    }

    It 'round-trips as <Name>: the same segments, the same conversation' -ForEach @(@{ Name = 'lab.pcapng' }, @{ Name = 'lab.pcap' }) {
        $path = Join-Path $TestDrive $Name
        Get-TcpSegment | Export-TcpCapture $path
        $back = Import-TcpCapture $path -As Segment
        $back.Info -replace '^\[TCP .*?\] ' | Should -Be (Get-TcpSegment).Info
        ($back | Where-Object Remark).Remark | Should -Be '[TCP Retransmission]' # the lab knows why it was sent, the capture only that it was
        $conversation = Import-TcpCapture $path
        $conversation.Client.ToString() | Should -Be '10.0.0.1:49152'
        $conversation.Client.UniqueBytes | Should -Be 5
        $conversation.Server.UniqueBytes | Should -Be 5
        $conversation.Ended | Should -Be 'ClosedByClient'
        $conversation.HandshakeRtt.TotalMilliseconds | Should -Be 20
    }

    It 'writes the packets of a script''s run, and says why there are none' {
        $script = Join-Path $TestDrive run.pkt
        $path = Join-Path $TestDrive run.pcapng
        Set-Content $script '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3', '+0 connect(3, ..., ...) = -1 ETIMEDOUT (Connection timed out)'
        Invoke-TcpScript $script -Trace | Export-TcpCapture $path
        @(Import-TcpCapture $path -As Segment).Flags | Select-Object -Unique | Should -Be 'SYN'
        $none = Join-Path $TestDrive none.pcapng
        Invoke-TcpScript $script | Export-TcpCapture $none -ErrorVariable untraced -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        $untraced.FullyQualifiedErrorId | Should -Be 'NoSegments,TcpShell.Commands.ExportTcpCaptureCommand'
        Set-Content $script 'no script'
        Invoke-TcpScript $script -Trace -ErrorAction SilentlyContinue | Export-TcpCapture $none -ErrorVariable invalid -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        $invalid.FullyQualifiedErrorId | Should -Be 'ScriptNotRun,TcpShell.Commands.ExportTcpCaptureCommand'
        "$invalid" | Should -BeLike '*run.pkt was not run*'
        $none | Should -Not -Exist
    }

    It 'sees from the server what the server saw' {
        Export-TcpCapture (Join-Path $TestDrive wire.pcapng)
        Export-TcpCapture (Join-Path $TestDrive server.pcapng) -HostName server
        $wire = @(Import-TcpCapture (Join-Path $TestDrive wire.pcapng) -As Segment).Count
        $server = @(Import-TcpCapture (Join-Path $TestDrive server.pcapng) -As Segment).Count
        $server | Should -Be ($wire - 1)
    }

    It 'is the same file for the same lab, octet for octet' {
        Export-TcpCapture (Join-Path $TestDrive one.pcapng)
        $net = New-TcpNetwork
        Add-TcpImpairment -Drop -DataOnly -Count 1 | Out-Null
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        Export-TcpCapture (Join-Path $TestDrive two.pcapng)
        (Get-FileHash (Join-Path $TestDrive one.pcapng)).Hash | Should -Be (Get-FileHash (Join-Path $TestDrive two.pcapng)).Hash
    }

    It 'is read by tshark without a complaint, with the flags that the loss caused and no others' {
        if (-not $tshark) { Set-ItResult -Skipped -Because 'tshark is not installed (apt-get install tshark)' }
        $path = Join-Path $TestDrive tshark.pcapng
        Get-TcpSegment | Export-TcpCapture $path
        & $tshark -r $path -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y '_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0' 2>$null |
            Should -BeNullOrEmpty
        $flagged = & $tshark -r $path -Y tcp.analysis.flags -T fields -e frame.number -e tcp.analysis.retransmission 2>$null
        @($flagged).Count | Should -Be 1
    }

    It 'writes nothing with -WhatIf' {
        $path = Join-Path $TestDrive whatif.pcapng
        Get-TcpSegment | Export-TcpCapture $path -WhatIf
        $path | Should -Not -Exist
    }

    It 'keeps what was written when the pipeline ends early' {
        $path = Join-Path $TestDrive early.pcapng
        try { Get-TcpSegment | ForEach-Object { if ($_.Number -gt 3) { throw 'enough' }; $_ } | Export-TcpCapture $path } catch { $null = $_ }
        @(Import-TcpCapture $path -As Segment).Count | Should -Be 3
    }

    It 'can write the file that it reads' {
        $path = Join-Path $TestDrive same.pcapng
        Get-TcpSegment | Export-TcpCapture $path
        $before = @(Import-TcpCapture $path -As Segment).Count
        Import-TcpCapture $path -As Segment | Export-TcpCapture $path
        @(Import-TcpCapture $path -As Segment).Count | Should -Be $before
    }

    It 'leaves the file alone when nothing comes, or nothing that fits' {
        $path = Join-Path $TestDrive kept.pcapng
        Export-TcpCapture $path
        $before = (Get-FileHash $path).Hash
        @() | Export-TcpCapture $path -WarningAction SilentlyContinue -WarningVariable warned
        $warned | Should -Match 'was not written'
        'foo' | Export-TcpCapture $path -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        (Get-FileHash $path).Hash | Should -Be $before
        Get-ChildItem $TestDrive -Filter *.partial | Should -BeNullOrEmpty
    }

    It 'reports <Id>' -ForEach @(
        @{ Id = 'PathNotFound,TcpShell.Commands.ImportTcpCaptureCommand'; Call = { Import-TcpCapture ./no-such-file.pcap } }
        @{ Id = 'PathNotFound,TcpShell.Commands.ExportTcpCaptureCommand'; Call = { Export-TcpCapture ./no/such/folder/x.pcapng } }
        @{ Id = 'CaptureFormatUnknown,TcpShell.Commands.ImportTcpCaptureCommand'; Call = { Import-TcpCapture $PSCommandPath } }
        @{ Id = 'PathIsFolder,TcpShell.Commands.ImportTcpCaptureCommand'; Call = { Import-TcpCapture $PSScriptRoot } }
        @{ Id = 'PathIsFolder,TcpShell.Commands.ExportTcpCaptureCommand'; Call = { Export-TcpCapture $PSScriptRoot } }
        @{ Id = 'PathNotFileSystem,TcpShell.Commands.ImportTcpCaptureCommand'; Call = { Import-TcpCapture Env:PATH } }
    ) {
        $failed = $null
        try { & $Call 2>&1 | ForEach-Object { if ($_ -is [System.Management.Automation.ErrorRecord]) { $failed = $_ } } } catch { $failed = $_ }
        $failed.FullyQualifiedErrorId | Should -Be $Id
    }

    It 'refuses to overwrite with -NoClobber' {
        $path = Join-Path $TestDrive there.pcapng
        Set-Content $path 'mine'
        { Export-TcpCapture $path -NoClobber } | Should -Throw '*exists already*'
        Get-Content $path | Should -Be 'mine'
    }

    It 'gives what precedes the damage of a truncated file, and one error with the place' {
        $path = Join-Path $TestDrive cut.pcapng
        Export-TcpCapture $path
        $bytes = [System.IO.File]::ReadAllBytes($path)
        [System.IO.File]::WriteAllBytes($path, $bytes[0..($bytes.Length - 10)])
        $segments = Import-TcpCapture $path -As Segment -ErrorAction SilentlyContinue -ErrorVariable failed
        @($segments).Count | Should -Be (@(Get-TcpSegment).Count - 1)
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'CaptureTruncated,TcpShell.Commands.ImportTcpCaptureCommand'
        $failed[0].Exception.Message | Should -Match 'octet \d+'
    }

    It 'says of each object without packets that it has none' {
        New-TcpConnection | Out-Null
        $failures = @((Get-TcpConnection | Select-Object -First 1), (Get-Date) | Export-TcpCapture (Join-Path $TestDrive none.pcapng) -ErrorAction Continue -WarningAction SilentlyContinue 2>&1)
        $failures.FullyQualifiedErrorId | Should -Be @('NotExportable,TcpShell.Commands.ExportTcpCaptureCommand', 'NotExportable,TcpShell.Commands.ExportTcpCaptureCommand')
        "$($failures[0])" | Should -BeLike 'A HostedConnection *'
        Test-Path (Join-Path $TestDrive none.pcapng) | Should -BeFalse
    }
}
