BeforeAll {
    . $PSScriptRoot/Common.ps1
    $path = Join-Path $TestDrive lab.pcapng
    $lab = $path # where a case has a path of its own
    $net = New-TcpNetwork
    Add-TcpImpairment -Drop -DataOnly -From client -Count 1 | Out-Null
    New-TcpConnection | Send-TcpData "hello`nworld`n" -PassThru | Close-TcpConnection
    Step-TcpNetwork -Idle
    Export-TcpCapture $path
}

Describe 'Export-TcpStream' {
    It 'writes a dialogue that says who speaks when' {
        $lines = Import-TcpCapture $path | Export-TcpStream
        $lines[0] | Should -Match '^# 0: 10.0.0.1:49152 -> 10.0.0.2:80'
        $lines -match '^> ' | Should -Be '> hello', '> world'
        $lines -match '^< ' | Should -Be '< hello', '< world'
        @($lines -match '^--- \d+\.\d+ client, from octet 0').Count | Should -Be 1
    }

    It 'writes raw octets of one side, each once' {
        $file = Join-Path $TestDrive raw.bin
        Import-TcpCapture $path | Export-TcpStream $file -As Raw -Side Client -PassThru | Should -BeOfType System.IO.FileInfo
        [System.IO.File]::ReadAllText($file) | Should -Be "hello`nworld`n"
    }

    It 'gives text of one side' {
        Import-TcpCapture $path | Export-TcpStream -As Text -Side Server | Should -Be 'hello', 'world'
    }

    It 'shows what cannot be shown as dots, and letters that segments cut' {
        $net = New-TcpNetwork
        $c = New-TcpConnection
        $c | Send-TcpData ([byte[]] (0x61, 0x00, 0xc3))
        $c | Send-TcpData ([byte[]] (0xa9, 0x07, 0x0a))
        Export-TcpCapture (Join-Path $TestDrive bytes.pcapng)
        Import-TcpCapture (Join-Path $TestDrive bytes.pcapng) | Export-TcpStream -As Text -Side Client | Should -Be 'a.é.'
    }

    It 'marks what the capture lacks, as Wireshark does, and warns' {
        $holey = Join-Path $TestDrive holey.pcapng
        $net = New-TcpNetwork
        $c = New-TcpConnection
        'one ', 'two ', 'three' | ForEach-Object { $c | Send-TcpData $_ ; Step-TcpNetwork -For 1s }
        Get-TcpSegment | Where-Object { $_.Length -ne 4 -or $_.Payload.ToArray()[0] -ne [byte][char]'t' -or $_.From -ne 'client' } | Export-TcpCapture $holey
        $text = Import-TcpCapture $holey | Export-TcpStream -As Text -Side Client -WarningVariable warned -WarningAction SilentlyContinue
        $text | Should -Be 'one [4 bytes missing in capture file]three'
        $warned | Should -Match '4 octets are missing'
    }

    It 'agrees with tshark on what was said' {
        if (-not (Get-Command tshark -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tshark is not installed (apt-get install tshark)' }
        $theirs = (& tshark -r $path -q -z follow,tcp,raw,0 2>$null) -match '^[0-9a-f]+$' | ForEach-Object { [Convert]::FromHexString($_) }
        $file = Join-Path $TestDrive client.bin
        Import-TcpCapture $path | Export-TcpStream $file -As Raw -Side Client
        $server = (& tshark -r $path -q -z follow,tcp,raw,0 2>$null) -match '^\t[0-9a-f]+$' | ForEach-Object { [Convert]::FromHexString($_.Trim()) }
        [System.IO.File]::ReadAllBytes($file) | Should -Be $theirs
        Import-TcpCapture $path | Export-TcpStream $file -As Raw -Side Server
        [System.IO.File]::ReadAllBytes($file) | Should -Be $server
    }

    It 'writes nothing with -WhatIf, and leaves a file alone with -NoClobber' {
        $file = Join-Path $TestDrive kept.txt
        Import-TcpCapture $path | Export-TcpStream $file -WhatIf
        $file | Should -Not -Exist
        Set-Content $file mine
        { Import-TcpCapture $path | Export-TcpStream $file -NoClobber } | Should -Throw '*exists already*'
    }

    It 'reports <Id>' -ForEach @(
        @{ Id = 'RawNeedsFile'; Call = { Import-TcpCapture $path | Export-TcpStream -As Raw } }
        @{ Id = 'PathNotFound'; Call = { Import-TcpCapture $path | Export-TcpStream ./no/such/folder/x } }
    ) {
        $Call | Should -Throw -ErrorId "$Id,TcpShell.Commands.ExportTcpStreamCommand"
    }

    It 'says why it cannot read a conversation that was merged or came from elsewhere' {
        $ErrorActionPreference = 'Continue' # whoever runs the tests may have chosen Stop
        $merged = Import-TcpCapture $path | Merge-TcpConversation
        $afar = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Import-TcpCapture $path), 5))
        foreach ($conversation in $merged, $afar) {
            foreach ($call in { $conversation | Export-TcpStream }, { $conversation | ConvertTo-TcpDiagram }, { $conversation | ConvertTo-TcpScript }) {
                $output = & $call -ErrorAction SilentlyContinue 2>&1
                $output.FullyQualifiedErrorId | Should -BeLike 'NoCaptureFile,*'
                $output.ErrorDetails.RecommendedAction | Should -Match 'Import-TcpCapture'
            }
        }

        (42 | Export-TcpStream 2>&1).FullyQualifiedErrorId | Should -Be 'NotAConversation,TcpShell.Commands.ExportTcpStreamCommand'
    }

    It 'says that a capture has changed since: <How>' -ForEach @(
        @{ How = 'it has other packets'; Change = { New-TcpNetwork | Out-Null; New-TcpConnection -To 10.0.0.2:80 | Out-Null; Step-TcpNetwork -For 5s; New-TcpConnection | Send-TcpData 'other' ; Export-TcpCapture $file } }
        @{ How = 'it has fewer'; Change = { Get-TcpSegment -Network $net | Where-Object Number -GT 3 | Export-TcpCapture $file } }
    ) {
        $ErrorActionPreference = 'Continue'
        $file = Join-Path $TestDrive changing.pcapng
        $net = New-TcpNetwork
        Step-TcpNetwork -For 1s
        New-TcpConnection | Send-TcpData 'hello'
        Export-TcpCapture $file -Network $net
        $conversation = Import-TcpCapture $file
        & $Change
        foreach ($call in { $conversation | Export-TcpStream }, { $conversation | ConvertTo-TcpDiagram }) {
            $failed = @(& $call 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
            $failed.FullyQualifiedErrorId | Should -BeLike 'CaptureChanged,*'
        }
    }

    It 'does not write over the capture that it reads' {
        $length = (Get-Item $path).Length
        { Import-TcpCapture $path | Export-TcpStream $path } | Should -Throw -ErrorId 'OutputIsInput,TcpShell.Commands.ExportTcpStreamCommand'
        { Import-TcpCapture $path | Export-TcpConversation $path -As JsonLines } | Should -Throw -ErrorId 'OutputIsInput,TcpShell.Commands.ExportTcpConversationCommand'
        (Get-Item $path).Length | Should -Be $length
    }

    It 'names the folder that is not there, and what it cannot export' {
        { $null = Export-TcpStream -Conversation 1 -Path (Join-Path $TestDrive nowhere x.txt) } | Should -Throw "There is no folder '*nowhere'." -ErrorId 'PathNotFound,*'
        { 1 | Export-TcpStream } | Should -Throw 'An Int32 is not a conversation*' -ErrorId 'NotAConversation,*'
    }

    It 'refuses every name of the capture that it reads: <How>' -Skip:$IsWindows -ForEach @(
        @{ How = 'a link'; Read = 'real.pcapng'; Write = 'link.pcapng' }
        @{ How = 'the target of a link'; Read = 'link.pcapng'; Write = 'real.pcapng' }
        @{ How = 'a hard link'; Read = 'real.pcapng'; Write = 'hard.pcapng' }
        @{ How = 'through a folder that is a link'; Read = 'real.pcapng'; Write = 'folder/real.pcapng' }
    ) {
        if ($How -eq 'a hard link' -and -not $IsLinux) { Set-ItResult -Skipped -Because 'hard links are known on Linux only' }
        $place = New-Item -ItemType Directory (Join-Path $TestDrive "names-$([guid]::NewGuid())")
        $real = Join-Path $place real.pcapng
        Copy-Item $path $real
        New-Item -ItemType SymbolicLink (Join-Path $place link.pcapng) -Target $real | Out-Null
        New-Item -ItemType HardLink (Join-Path $place hard.pcapng) -Target $real | Out-Null
        New-Item -ItemType SymbolicLink (Join-Path $place folder) -Target $place | Out-Null
        $from = Join-Path $place $Read
        $to = Join-Path $place $Write
        $before = (Get-FileHash $real).Hash
        { Import-TcpCapture $from | Export-TcpStream $to } | Should -Throw -ErrorId 'OutputIsInput,TcpShell.Commands.ExportTcpStreamCommand'
        { Import-TcpCapture $from | Export-TcpConversation $to -As JsonLines } | Should -Throw -ErrorId 'OutputIsInput,TcpShell.Commands.ExportTcpConversationCommand'
        { Import-TcpCapture $from -As Segment | Export-TcpConversation $to -As JsonLines } | Should -Throw -ErrorId 'OutputIsInput,TcpShell.Commands.ExportTcpConversationCommand'
        { Import-TcpCapture $from -As Segment | Export-TcpCapture $to } | Should -Throw -ErrorId 'OutputIsInput,TcpShell.Commands.ExportTcpCaptureCommand'
        (Get-FileHash $real).Hash | Should -Be $before
        @(Get-ChildItem $place -Force).Count | Should -Be 4
    }

    It 'leaves a capture alone that is the second of those that are read' {
        $place = New-Item -ItemType Directory (Join-Path $TestDrive "second-$([guid]::NewGuid())")
        $one, $two = 'one.pcapng', 'two.pcapng' | ForEach-Object { Copy-Item $path (Join-Path $place $_) -PassThru }
        { Import-TcpCapture $one, $two | Export-TcpConversation $two -As JsonLines } | Should -Throw -ErrorId 'OutputIsInput,*'
        (Get-FileHash $two).Hash | Should -Be (Get-FileHash $path).Hash
        @(Get-ChildItem $place -Force).Count | Should -Be 2
    }

    It 'neither writes nor replaces anything where the capture cannot be read again' {
        $ErrorActionPreference = 'Continue'
        $gone = Join-Path $TestDrive gone.pcapng
        $out = Join-Path $TestDrive good.txt
        $new = Join-Path $TestDrive never.txt
        Copy-Item $path $gone
        $conversation = Import-TcpCapture $gone
        $other = Import-TcpCapture $path
        Remove-Item $gone
        Set-Content $out 'good'
        $failed = $conversation | Export-TcpStream $out -PassThru 2>&1
        @($failed).FullyQualifiedErrorId | Should -Be 'FileNotReadable,TcpShell.Commands.ExportTcpStreamCommand'
        "$failed" | Should -BeLike "There is no capture '*gone.pcapng' any more."
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*moved or deleted*'
        { $conversation | Export-TcpStream $out -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotReadable,*'
        $other, $conversation | Export-TcpStream $out -ErrorAction SilentlyContinue
        $conversation | Export-TcpStream $new -ErrorAction SilentlyContinue
        Get-Content $out | Should -Be 'good'
        $new | Should -Not -Exist
        $conversation | Export-TcpStream -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Get-ChildItem $TestDrive -Force -Filter *.partial | Should -BeNullOrEmpty
    }

    It 'says what is wrong with the place: <Path>' -ForEach @(
        @{ Path = 'nodir/x.bin'; Id = 'PathNotFound'; Text = "There is no folder '*nodir'." }
        @{ Path = 'file/x.bin'; Id = 'PathNotFound'; Text = "'*file' is a file, not a folder." }
        @{ Path = 'file/deep/x.bin'; Id = 'PathNotFound'; Text = "'*file' is a file, not a folder." }
        @{ Path = 'Env:X'; Id = 'PathNotFileSystem'; Text = "'Env:X' is not in a file system." }
    ) {
        Set-Content (Join-Path $TestDrive file) 'mine'
        Push-Location $TestDrive
        try {
            { Import-TcpCapture $lab | Export-TcpStream $Path } | Should -Throw $Text -ErrorId "$Id,*"
            { Import-TcpCapture $lab | Export-TcpConversation $Path } | Should -Throw $Text -ErrorId "$Id,*"
            { Import-TcpCapture $lab -As Segment | Export-TcpCapture $Path } | Should -Throw $Text -ErrorId "$Id,*"
        }
        finally {
            Pop-Location
        }
    }

    It 'says that a link leads to nothing' -Skip:$IsWindows {
        $file = Join-Path $TestDrive dangling.jsonl
        New-Item -ItemType SymbolicLink $file -Target (Join-Path $TestDrive nothing.jsonl) | Out-Null
        foreach ($call in { Import-TcpCapture $path | Export-TcpStream $file }, { Import-TcpCapture $path | Export-TcpConversation $file }, { Get-TcpSegment -Path $path | Export-TcpCapture $file }) {
            $call | Should -Throw "*dangling.jsonl' is a link to '*nothing.jsonl', and there is no such file." -ErrorId 'PathNotFound,*'
        }
    }

    It 'refuses a file that is protected, and says so' {
        $file = Join-Path $TestDrive protected.txt
        Set-Content $file mine
        Set-ItemProperty $file IsReadOnly $true
        foreach ($call in { Import-TcpCapture $path | Export-TcpStream $file }, { Import-TcpCapture $path | Export-TcpConversation $file -As JsonLines }, { Get-TcpSegment -Path $path | Export-TcpCapture $file }) {
            $call | Should -Throw '*protected*' -ErrorId 'FileNotWritable,*'
        }

        Get-Content $file | Should -Be mine
        Set-ItemProperty $file IsReadOnly $false
    }
}
