# Dot-sourced by every file here: imports the built module of this checkout, and no other that may be installed.
$repositoryRoot = (Resolve-Path "$PSScriptRoot/../..").Path
$modulePath = Join-Path $repositoryRoot 'TcpShell.psd1'
Import-Module $modulePath -ErrorAction Stop

# What starts this PowerShell once more.
$pwshPath = & (Join-Path $repositoryRoot 'tools/Get-PwshPath.ps1')
