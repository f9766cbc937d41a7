$modulePath = (Resolve-Path "$PSScriptRoot/../../TcpShell.psd1").Path
Import-Module $modulePath
