# Dot-sourced by every file here: imports the built module of this checkout, and no other that may be installed.
$repositoryRoot = Convert-Path (Join-Path $PSScriptRoot '../..')
$modulePath = Join-Path $repositoryRoot 'TcpShell.psd1'
Import-Module -Name $modulePath -ErrorAction Stop
