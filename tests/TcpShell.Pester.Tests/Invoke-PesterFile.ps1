<#
.SYNOPSIS
    Runs one Pester file and writes what came of it as JSON.

.DESCRIPTION
    Started in a pwsh of its own for each file, so that one file cannot disturb another. Exit code 77 says that there is no Pester 5.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Path,

    [Parameter(Mandatory)]
    [string] $ResultPath
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module -Name Pester -ListAvailable | Where-Object { $_.Version.Major -ge 5 })) {
    exit 77
}

Import-Module -Name Pester -MinimumVersion 5.0
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'None'
$run = Invoke-Pester -Configuration $configuration

# Of a stack only the lines of the test file tell something; the rest is Pester.
function Get-Message($ErrorRecord) {
    $where = $ErrorRecord.ScriptStackTrace -split '\r?\n' | Where-Object { $_.Contains($Path) }
    @($ErrorRecord.Exception.Message) + $where -join "`n"
}

# What fails outside of a test (in discovery, in BeforeAll) is listed by its block or file.
$failures = @($run.Failed) + @($run.FailedBlocks) + @($run.FailedContainers) | Where-Object { $_ } | ForEach-Object {
    [ordered]@{
        Name    = "$($_.PSObject.Properties['ExpandedPath'] ? $_.ExpandedPath : $_.Item)"
        Message = ($_.ErrorRecord | ForEach-Object { Get-Message $_ }) -join "`n"
    }
}
$skips = $run.Skipped | ForEach-Object {
    [ordered]@{ Name = $_.ExpandedPath; Message = "$($_.ErrorRecord | Select-Object -First 1)" -replace '^is skipped, because ' }
}
[ordered]@{
    Passed   = $run.PassedCount
    Failed   = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
    Skipped  = $run.SkippedCount
    Failures = @($failures)
    Skips    = @($skips)
} | ConvertTo-Json -Depth 4 | Set-Content -Path $ResultPath
