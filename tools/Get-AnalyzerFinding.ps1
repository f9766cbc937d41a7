<#
.SYNOPSIS
    Gets what PSScriptAnalyzer finds in the scripts of this repository.

.DESCRIPTION
    Looks at every ps1, psm1 and psd1 file outside of build output, with PSScriptAnalyzerSettings.psd1. No output means no finding.

.EXAMPLE
    tools/Get-AnalyzerFinding.ps1 | Format-Table RuleName, ScriptName, Line, Message
#>
[CmdletBinding()]
param()

Import-Module -Name PSScriptAnalyzer
$root = Split-Path $PSScriptRoot
$settings = Join-Path $root 'PSScriptAnalyzerSettings.psd1'
Get-ChildItem -Path $root -Include '*.ps1', '*.psm1', '*.psd1' -Recurse |
    Where-Object { [IO.Path]::GetRelativePath($root, $_.FullName) -notmatch '(^|[\\/])(bin|obj|out|TestResults)[\\/]' } |
    ForEach-Object { Invoke-ScriptAnalyzer -Path $_.FullName -Settings $settings }
