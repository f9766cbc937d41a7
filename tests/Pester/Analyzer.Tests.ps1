Describe 'The scripts' {
    It 'have no finding of PSScriptAnalyzer' {
        if (-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
            Set-ItResult -Skipped -Because 'PSScriptAnalyzer is not installed: no script was analyzed'
        }

        $findings = & (Join-Path $PSScriptRoot '../../tools/Get-AnalyzerFinding.ps1')
        $findings | ForEach-Object { '{0}:{1} {2}: {3}' -f $_.ScriptName, $_.Line, $_.RuleName, $_.Message } | Should -BeNullOrEmpty
    }
}
