BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $cases = foreach ($command in Get-Command -Module TcpShell) {
        $examples = @((Get-Help $command.Name -Full).examples.example)
        @{
            Name     = $command.Name
            Examples = @($examples | ForEach-Object { @{ Title = $_.title.Trim('- '); Code = $_.code } })
        }
    }
    $topics = Get-ChildItem (Join-Path $repositoryRoot 'en-US') -Filter 'about_*.help.txt' | ForEach-Object {
        # Examples are what is indented twice in the section EXAMPLES.
        $section = (Get-Content $_.FullName -Raw) -replace '(?s)^.*\nEXAMPLES\n' -replace '(?s)\n[A-Z].*$'
        $blocks = [regex]::Matches($section, '(?m)(^ {8}.*\n?)+').Value
        @{ Topic = $_.Name -replace '\.help\.txt$'; File = $_.FullName; Blocks = @($blocks | ForEach-Object { @{ Code = $_ } }) }
    }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1

    # Runs an example where a newcomer would: in a new session, in an empty folder. It must end, and without an error.
    function Invoke-Example([string] $Code) {
        $folder = Join-Path $TestDrive ([guid]::NewGuid())
        [void] (New-Item $folder -ItemType Directory)
        $shell = [powershell]::Create()
        try {
            [void] $shell.AddScript({ param($Path, $Folder) Import-Module $Path; Set-Location $Folder }).AddArgument($modulePath).AddArgument($folder).Invoke()
            $shell.Commands.Clear()
            [void] $shell.AddScript($Code).AddCommand('Out-String')
            $running = $shell.BeginInvoke()
            $running.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(60)) | Should -BeTrue -Because "'$Code' must end"
            [void] $shell.EndInvoke($running)
            $shell.Streams.Error | Should -BeNullOrEmpty
        } finally {
            $shell.Dispose()
        }
    }

    # The commands of a piece of code, each with the names of its parameters.
    function Get-UsedCommand([string] $Code) {
        $errors = $null
        $ast = [System.Management.Automation.Language.Parser]::ParseInput($Code, [ref] $null, [ref] $errors)
        $errors | Should -BeNullOrEmpty
        $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
    }
}

Describe 'The help file' {
    It 'is what tools/New-Help.ps1 makes of the comments (run ./build.ps1 -Task Help)' {
        $fresh = Join-Path $TestDrive 'fresh.xml'
        & $pwshPath -NoProfile -NonInteractive -File (Join-Path $repositoryRoot 'tools/New-Help.ps1') -OutputPath $fresh
        $LASTEXITCODE | Should -Be 0
        $committed = Get-Content (Join-Path $repositoryRoot 'en-US/TcpShell.dll-Help.xml')
        Compare-Object $committed (Get-Content $fresh) | Select-Object -First 5 | Out-String | Should -BeNullOrEmpty
    }
}

Describe 'The help file on another machine' {
    It 'is the same, whatever the number of processors' {
        $texts = foreach ($processors in 1, 5) {
            $fresh = Join-Path $TestDrive "fresh$processors.xml"
            $env:DOTNET_PROCESSOR_COUNT = $processors
            try {
                & $pwshPath -NoProfile -NonInteractive -File (Join-Path $repositoryRoot 'tools/New-Help.ps1') -OutputPath $fresh
            } finally {
                Remove-Item Env:DOTNET_PROCESSOR_COUNT
            }

            Get-Content $fresh -Raw
        }

        $texts[0] -ceq $texts[1] | Should -BeTrue
    }
}

Describe 'The topic on options' {
    It 'is what tools/New-OptionHelp.ps1 makes of the settings (run ./build.ps1 -Task Help)' {
        $fresh = Join-Path $TestDrive 'options.txt'
        & $pwshPath -NoProfile -NonInteractive -File (Join-Path $repositoryRoot 'tools/New-OptionHelp.ps1') -OutputPath $fresh
        $LASTEXITCODE | Should -Be 0
        $committed = Get-Content (Join-Path $repositoryRoot 'en-US/about_TcpOptions.help.txt')
        Compare-Object $committed (Get-Content $fresh) | Select-Object -First 5 | Out-String | Should -BeNullOrEmpty
    }
}

Describe 'Help of <Name>' -ForEach $cases {
    BeforeAll {
        $help = Get-Help $Name -Full
        $command = Get-Command $Name
    }

    It 'has a synopsis and a description' {
        $help.Synopsis.Trim() | Should -Match '^[A-Z].*\.$'
        ($help.description.Text -join '').Trim() | Should -Match '\w+'
    }

    It 'describes every parameter' {
        $own = $command.Parameters.Keys | Where-Object { $_ -notin [System.Management.Automation.PSCmdlet]::CommonParameters }
        $described = @($help.parameters | ForEach-Object { $_ } | ForEach-Object parameter)
        $described.name | Sort-Object | Should -Be ($own | Sort-Object)
        foreach ($parameter in $described) {
            ($parameter.description.Text -join '').Trim() | Should -Match '\w+' -Because "-$($parameter.name) needs a description"
        }
    }

    It 'has two examples or more, each with title, code and remark' {
        $help.examples.example.Count | Should -BeGreaterOrEqual 2
        foreach ($example in $help.examples.example) {
            $example.title | Should -Match 'Example \d+: \w+'
            $example.code | Should -Match ([regex]::Escape($Name)) -Because 'an example shows its command'
            ($example.remarks.Text -join '').Trim() | Should -Match '\w+'
        }
    }

    It 'names only commands and parameters that exist: <Title>' -ForEach $Examples {
        foreach ($used in Get-UsedCommand $Code) {
            $target = Get-Command $used.GetCommandName() -ErrorAction Stop
            $target = $target.CommandType -eq 'Alias' ? $target.ResolvedCommand : $target
            foreach ($parameter in $used.CommandElements.Where{ $_ -is [System.Management.Automation.Language.CommandParameterAst] }) {
                { $target.ResolveParameter($parameter.ParameterName) } | Should -Not -Throw
            }
        }
    }

    It 'has an example that runs: <Title>' -ForEach $Examples {
        if ($Code -match ' -Interface | -Device | eth0|Get-TcpDevice|ConvertTo-PacketDotNet|growing\.pcap') {
            Set-ItResult -Skipped -Because 'it takes a real interface, a file that grows, or a package; the cmdlet''s own tests make them'
        }

        Invoke-Example $Code
    }
}

Describe 'The topic <Topic>' -ForEach $topics {
    BeforeAll { $lines = Get-Content $File }

    It 'is found by Get-Help' {
        Get-Help $Topic | Out-String | Should -Match $Topic
    }

    It 'has the usual sections in the usual order' {
        $lines -cmatch '^[A-Z]' | Should -Be 'TOPIC', 'SHORT DESCRIPTION', 'LONG DESCRIPTION', 'EXAMPLES', 'KEYWORDS', 'SEE ALSO'
    }

    It 'is plain text of at most 80 columns' {
        $lines | Where-Object { $_.Length -gt 80 -or $_ -match '[^ -~]' } | Should -BeNullOrEmpty
    }

    It 'names only cmdlets that exist' {
        $names = [regex]::Matches($lines -join "`n", '\b[A-Z][a-z]+-Tcp[A-Z]\w+').Value | Sort-Object -Unique
        $names | Should -Not -BeNullOrEmpty
        $names | Where-Object { -not (Get-Command $_ -ErrorAction Ignore) } | Should -BeNullOrEmpty
    }

    It 'has an example that runs: <Code>' -ForEach $Blocks {
        Invoke-Example $Code
    }
}

Describe 'about_TcpStates' {
    It 'names every state in the spellings of the RFC and of netstat' {
        $text = Get-Content (Join-Path $repositoryRoot 'en-US/about_TcpStates.help.txt') -Raw
        foreach ($state in [Enum]::GetValues([TcpShell.Tcp.TcpState])) {
            $rfc = [TcpShell.Tcp.TcpStateNames]::ToRfc($state)
            $netstat = [TcpShell.Tcp.TcpStateNames]::ToNetstat($state)
            $text | Should -Match "(?m)^    $rfc +$state +$netstat\b"
        }
    }
}
