BeforeAll {
    . $PSScriptRoot/Common.ps1
    $manifest = Import-PowerShellDataFile $modulePath
    $commandTypes = (Get-Command -Module TcpShell)[0].ImplementingType.Assembly.GetExportedTypes() |
        Where-Object { $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false) }

    # A session of its own, so that importing and removing does not disturb this one.
    function Invoke-InNewRunspace([scriptblock] $Script) {
        $shell = [powershell]::Create()
        try {
            $shell.AddScript($Script).AddArgument($modulePath).Invoke()
            $shell.Streams.Error | ForEach-Object { throw $_ }
        } finally {
            $shell.Dispose()
        }
    }
}

Describe 'The manifest' {
    It 'is valid' {
        Test-ModuleManifest $modulePath | Should -Not -BeNullOrEmpty
    }

    It 'exports by name, without wildcards' {
        foreach ($kind in 'CmdletsToExport', 'FunctionsToExport', 'VariablesToExport', 'AliasesToExport') {
            $manifest[$kind] -join ' ' | Should -Not -Match '[*?]'
        }
    }

    It 'exports every cmdlet class, sorted, and nothing else' {
        $names = foreach ($type in $commandTypes) {
            $attribute = $type.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
            "$($attribute.VerbName)-$($attribute.NounName)"
        }
        $manifest.CmdletsToExport | Should -Be ($names | Sort-Object)
        (Get-Command -Module TcpShell).Name | Sort-Object | Should -Be ($names | Sort-Object)
    }

    It 'has the version of the assemblies' {
        $assembly = $commandTypes[0].Assembly.GetName().Version
        $manifest.ModuleVersion | Should -Be "$($assembly.Major).$($assembly.Minor).$($assembly.Build)"
    }

    It 'needs the PowerShell that the assemblies are built for' {
        $manifest.PowerShellVersion | Should -Be '7.4'
        $manifest.CompatiblePSEditions | Should -Be 'Core'
    }
}

Describe 'The cmdlets' {
    It 'have one sealed class each, named after verb and noun' {
        foreach ($command in Get-Command -Module TcpShell) {
            $command.ImplementingType.FullName | Should -Be "TcpShell.Commands.$($command.Verb)$($command.Noun)Command"
            $command.ImplementingType.IsSealed | Should -BeTrue
        }
    }

    It 'have approved verbs and nouns that begin with Tcp, but for the library that has a name of its own' {
        $verbs = (Get-Verb).Verb
        foreach ($command in Get-Command -Module TcpShell) {
            $command.Verb | Should -BeIn $verbs
            $command.Noun | Should -Match '^(Tcp|PacketDotNet$)'
        }
    }

    It 'have a table view for every type of their own that they give' {
        $types = (Get-Command -Module TcpShell).OutputType.Type | Where-Object { $_.FullName -like 'TcpShell.*' } | Sort-Object FullName -Unique
        foreach ($type in $types) {
            Get-FormatData $type.FullName | Should -Not -BeNullOrEmpty -Because "$type needs a view"
        }
    }
}

Describe 'The module' {
    It 'can be imported twice, removed, and imported again' {
        $counts = Invoke-InNewRunspace {
            param($Path)
            Import-Module $Path
            Import-Module $Path
            @(Get-Module TcpShell).Count
            Remove-Module TcpShell
            @(Get-Module TcpShell).Count
            Import-Module $Path
            @(Get-TcpTransition -From Listen).Count -gt 0
        }
        $counts | Should -Be 1, 0, $true
    }

    It 'lets the types of the engine be named at once' {
        Invoke-InNewRunspace { param($Path) Import-Module $Path; [TcpShell.Tcp.TcpState]::TimeWait } | Should -Be 'TimeWait'
    }

    It 'brings no assembly of PowerShell along' {
        Get-ChildItem (Join-Path $repositoryRoot 'bin') -Filter 'System.Management.Automation*' | Should -BeNullOrEmpty
    }
}
