# Every lesson is held to two rules: its solution passes its checks, and its untouched starter does not.
BeforeDiscovery {
    $labs = Get-ChildItem (Join-Path $PSScriptRoot '../../labs') -Directory | ForEach-Object { @{ Lab = $_.Name; Folder = $_.FullName } }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1

    # Each run has a pwsh of its own: Pester does not nest, and lessons leave networks and variables behind.
    function Test-Lab([string] $Folder, [string] $Script) {
        $run = @"
            `$ErrorActionPreference = 'Stop'
            Import-Module '$modulePath'
            `$configuration = New-PesterConfiguration
            `$configuration.Run.Container = New-PesterContainer -Path '$Folder/Checks.Tests.ps1' -Data @{ Script = '$Script' }
            `$configuration.Run.PassThru = `$true
            `$configuration.Output.Verbosity = 'None'
            `$result = Invoke-Pester -Configuration `$configuration
            '{0} {1} {2}' -f `$result.PassedCount, `$result.FailedCount, ((`$result.Failed | ForEach-Object { `$_.ExpandedPath + ': ' + `$_.ErrorRecord[0] }) -join '; ')
"@
        $line = (& $pwshPath -NoProfile -NonInteractive -Command $run) -join ' '
        $passed, $failed, $why = $line -split ' ', 3
        [pscustomobject]@{ Passed = [int] $passed; Failed = [int] $failed; Why = $why }
    }
}

Describe 'Lab <Lab>' -ForEach $labs {
    It 'has all of its files' {
        foreach ($name in 'README.md', 'Start.ps1', 'Solution.ps1', 'Checks.Tests.ps1') {
            Join-Path $Folder $name | Should -Exist
        }
    }

    It 'passes its checks with its solution' {
        $result = Test-Lab $Folder 'Solution.ps1'
        $result.Why | Should -BeNullOrEmpty
        $result.Passed | Should -BeGreaterThan 0
        $result.Failed | Should -Be 0
    }

    It 'fails its checks when nothing was done' {
        (Test-Lab $Folder 'Start.ps1').Failed | Should -BeGreaterThan 0
    }
}
