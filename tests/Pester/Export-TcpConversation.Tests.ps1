BeforeAll {
    . $PSScriptRoot/Common.ps1
    $path = Join-Path $TestDrive lab.pcapng
    $net = New-TcpNetwork
    New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
    New-TcpConnection | Send-TcpData 'hello' | Out-Null
    Export-TcpCapture $path
}

Describe 'Export-TcpConversation' {
    It 'writes a JSON object on each line' {
        $file = Join-Path $TestDrive lab.jsonl
        Import-TcpCapture $path | Export-TcpConversation $file
        $rows = Get-Content $file | ForEach-Object { $_ | ConvertFrom-Json }
        $rows.Count | Should -Be 2
        ($rows | Where-Object stream -EQ 0).ended | Should -Be 'ClosedByClient'
        $rows[0].client_address | Should -Be '10.0.0.1'
        $rows[0].handshake_rtt_ns | Should -Be 20000000
        $rows[0].file | Should -Be $path
    }

    It 'writes CSV' {
        $file = Join-Path $TestDrive lab.csv
        Import-TcpCapture $path | Export-TcpConversation $file -As Csv
        $rows = Import-Csv $file
        $rows.Count | Should -Be 2
        $rows[0].server_port | Should -Be 80
    }

    It 'writes what the name says: <Name>' -ForEach @(
        @{ Name = 'named.csv'; First = 'host,' }
        @{ Name = 'named.CSV.gz'; First = 'host,' }
        @{ Name = 'named.jsonl'; First = '{"' }
        @{ Name = 'named.json'; First = '{"' }
        @{ Name = 'named.ndjson.gz'; First = '{"' }
        @{ Name = 'named'; First = '{"' }
    ) {
        $file = Join-Path $TestDrive $Name
        Import-TcpCapture $path | Export-TcpConversation $file
        $stream = [System.IO.File]::OpenRead($file)
        if ($Name -like '*.gz') { $stream = [System.IO.Compression.GZipStream]::new($stream, [System.IO.Compression.CompressionMode]::Decompress) }
        $reader = [System.IO.StreamReader]::new($stream)
        $line = $reader.ReadLine()
        $reader.Dispose()
        $line | Should -BeLike "$First*"
    }

    It 'writes nothing under the name of another format, unless told which is meant: <_>' -ForEach 'x.parquet', 'x.jsonl.zst', 'x.xml.gz' {
        $file = Join-Path $TestDrive $_
        { Import-TcpCapture $path | Export-TcpConversation $file } | Should -Throw -ErrorId 'TableFormatUnknown,TcpShell.Commands.ExportTcpConversationCommand'
        $file | Should -Not -Exist
        Import-TcpCapture $path | Export-TcpConversation $file -As Csv
        $file | Should -Exist
    }

    It 'writes what -As says whatever the name is' {
        $file = Join-Path $TestDrive told.csv
        Import-TcpCapture $path | Export-TcpConversation $file -As JsonLines
        Get-Content $file -First 1 | Should -BeLike '{"*'
    }

    It 'writes segments' {
        $file = Join-Path $TestDrive segments.jsonl
        Get-TcpSegment -Path $path | Export-TcpConversation $file
        $rows = Get-Content $file | ForEach-Object { $_ | ConvertFrom-Json }
        $rows.Count | Should -Be @(Get-TcpSegment).Count
        $rows[1].flags | Should -Be 'SYN, ACK'
    }

    It 'compresses' {
        $file = Join-Path $TestDrive lab.jsonl.gz
        Import-TcpCapture $path | Export-TcpConversation $file -Compress -PassThru | Should -BeOfType System.IO.FileInfo
        $gzip = [System.IO.Compression.GZipStream]::new([System.IO.File]::OpenRead($file), [System.IO.Compression.CompressionMode]::Decompress)
        $text = [System.IO.StreamReader]::new($gzip).ReadToEnd()
        $gzip.Dispose()
        ($text.Trim() -split "`n").Count | Should -Be 2
    }

    It 'compresses where the name says so' {
        $file = Join-Path $TestDrive named.jsonl.gz
        Import-TcpCapture $path | Export-TcpConversation $file
        [System.IO.File]::ReadAllBytes($file)[0..1] | Should -Be 0x1f, 0x8b
        Import-TcpCapture $path | Export-TcpConversation $file -Compress:$false
        [System.IO.File]::ReadAllBytes($file)[0] | Should -Be ([byte][char] '{') -Because 'who says so gets it plain'
    }

    It 'writes rows that are read back as conversations: <As>' -ForEach @(
        @{ As = 'JsonLines'; Read = { Get-Content $file | ConvertFrom-Json } }
        @{ As = 'Csv'; Read = { Import-Csv $file } }
    ) {
        $file = Join-Path $TestDrive "back.$As"
        $again = Join-Path $TestDrive "again.$As"
        Import-TcpCapture $path | Export-TcpConversation $file -As $As
        & $Read | Export-TcpConversation $again -As $As
        Get-Content $again | Should -Be (Get-Content $file)
        (& $Read | Measure-TcpConversation | Out-String) | Should -Be (Import-TcpCapture $path | Measure-TcpConversation | Out-String)
        (& $Read | Merge-TcpConversation | Out-String) | Should -Be (Import-TcpCapture $path | Merge-TcpConversation | Out-String)
    }

    It 'refuses a row with values that cannot be' {
        $row = [pscustomobject] @{ client_address = '10.0.0.1'; server_address = '10.0.0.2'; start_ns = 'soon' }
        $row | Measure-TcpConversation -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'NotAConversation,TcpShell.Commands.MeasureTcpConversationCommand'
    }

    It 'writes of each segment which capture it is from' {
        $file = Join-Path $TestDrive from.jsonl
        Get-TcpSegment -Path $path | Export-TcpConversation $file
        $row = Get-Content $file -First 1 | ConvertFrom-Json
        $row.file | Should -Be $path
        $row.host | Should -Be ([Environment]::MachineName)
    }

    It 'writes the same row for what came through a job or was merged' {
        $direct = Join-Path $TestDrive direct.csv
        $through = Join-Path $TestDrive through.csv
        Import-TcpCapture $path | Export-TcpConversation $direct -As Csv
        Start-Job { param($Module, $Path) Import-Module $Module; Import-TcpCapture $Path } -ArgumentList $modulePath, $path |
            Receive-Job -Wait -AutoRemoveJob | Export-TcpConversation $through -As Csv

        # Only the name of the machine is told otherwise: by remoting, not by this one.
        $columns = (Import-Csv $direct)[0].psobject.Properties.Name | Where-Object { $_ -ne 'host' }
        Import-Csv $through | Select-Object $columns | ConvertTo-Csv | Should -Be (Import-Csv $direct | Select-Object $columns | ConvertTo-Csv)
    }

    It 'does not mix conversations and segments, nor take anything else' {
        $file = Join-Path $TestDrive mixed.jsonl
        @(Import-TcpCapture $path) + @(Get-TcpSegment -Path $path)[0] + 42 | Export-TcpConversation $file -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.FullyQualifiedErrorId | Should -Be 'MixedTable,TcpShell.Commands.ExportTcpConversationCommand', 'NotAConversation,TcpShell.Commands.ExportTcpConversationCommand'
        @(Get-Content $file).Count | Should -Be 2
    }

    It 'keeps what was written when the pipeline ends early' {
        $file = Join-Path $TestDrive early.jsonl
        try { Import-TcpCapture $path | ForEach-Object { $_; throw 'enough' } | Export-TcpConversation $file } catch { $null = $_ }
        @(Get-Content $file).Count | Should -Be 1
        Get-ChildItem $TestDrive -Filter *.partial | Should -BeNullOrEmpty
    }

    It 'leaves a file alone with -WhatIf, with -NoClobber, and when nothing comes' {
        $file = Join-Path $TestDrive kept.jsonl
        Import-TcpCapture $path | Export-TcpConversation $file -WhatIf
        $file | Should -Not -Exist
        Set-Content $file mine
        { Import-TcpCapture $path | Export-TcpConversation $file -NoClobber } | Should -Throw -ErrorId 'FileExists,*'
        @() | Export-TcpConversation $file -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -Match 'was not written'
        Get-Content $file | Should -Be mine
    }

    It 'leaves a file of the user alone whose name ends in .partial, and several exports do not disturb each other' {
        $file = Join-Path $TestDrive many.jsonl
        Set-Content $file old
        Set-Content "$file.partial" mine
        $failed = 1..4 | ForEach-Object -ThrottleLimit 4 -Parallel {
            Import-Module $using:modulePath
            try { Import-TcpCapture $using:path | Export-TcpConversation $using:file } catch { "$_" }
        }
        $failed | Should -BeNullOrEmpty
        @(Get-Content $file).Count | Should -Be 2
        Get-Content "$file.partial" | Should -Be mine
    }
}
