<#
.SYNOPSIS
    Gets the program that starts the PowerShell of this session once more.

.DESCRIPTION
    That is the session's own program; of a PowerShell that is a .NET tool, whose process is dotnet, the first pwsh on PATH.

.EXAMPLE
    & (tools/Get-PwshPath.ps1) -NoProfile -Command '$PSVersionTable'
#>
[CmdletBinding()]
[OutputType([string])]
param()

$own = [Environment]::ProcessPath
(Split-Path -LeafBase $own) -eq 'dotnet' ? (Get-Command pwsh -CommandType Application)[0].Source : $own
