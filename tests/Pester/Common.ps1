# Dot-sourced by every file here: imports the built module of this checkout, and no other that may be installed.
$repositoryRoot = (Resolve-Path "$PSScriptRoot/../..").Path
$modulePath = Join-Path $repositoryRoot 'TcpShell.psd1'
Import-Module $modulePath -ErrorAction Stop

# What starts this PowerShell once more. Of one that is a .NET tool the process is dotnet; then the pwsh on PATH does.
$pwshPath = (Split-Path -LeafBase ([Environment]::ProcessPath)) -eq 'dotnet' ? (Get-Command pwsh -CommandType Application)[0].Source : [Environment]::ProcessPath
