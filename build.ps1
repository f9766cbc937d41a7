<#
.SYNOPSIS
    Builds, tests and packages TcpShell.

.DESCRIPTION
    A plain `dotnet build` and `dotnet test` at the root do the first two tasks
    just as well, on a machine without PowerShell. This script adds what needs
    PowerShell: the help file, the analysis of scripts, and a module that can
    be published.

.PARAMETER Task
    What to do, in the given order.

    Build    compiles everything and fills bin/, so that
             Import-Module ./TcpShell.psd1 works in place.
    Test     runs all tests, the Pester suite included.
    Help     builds, then writes en-US/TcpShell.dll-Help.xml and
             en-US/about_TcpOptions.help.txt from the documentation comments.
    Analyze  runs PSScriptAnalyzer over all scripts.
    Package  builds, then stages a publishable module under
             out/TcpShell/<version>/.
    Clean    removes what builds and tests have made.

.PARAMETER Configuration
    Debug or Release. The default is Release for a package, otherwise Debug.

.PARAMETER WithSharpPcap
    Whether capture and injection on real interfaces are compiled in. They
    need the packages SharpPcap and PacketDotNet, which not every registry
    has. If left out they are compiled in where both packages are in the
    NuGet cache already.

.EXAMPLE
    ./build.ps1

    Builds the module; Import-Module ./TcpShell.psd1 then loads it.

.EXAMPLE
    ./build.ps1 -Task Help, Test

    Brings the help file up to date after a change of documentation comments, then runs all tests.

.EXAMPLE
    ./build.ps1 -Task Clean, Package -WithSharpPcap:$true

    Stages a release that can capture, and fails if the packages cannot be had.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Help', 'Analyze', 'Package', 'Clean')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration,

    [switch] $WithSharpPcap
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$root = $PSScriptRoot
$pwsh = & (Join-Path $root 'tools/Get-PwshPath.ps1')
$buildOptions = @(
    '--nologo'
    '--configuration', ($Configuration ? $Configuration : 'Package' -in $Task ? 'Release' : 'Debug')
    if ($PSBoundParameters.ContainsKey('WithSharpPcap')) { "-p:WithSharpPcap=$("$WithSharpPcap".ToLowerInvariant())" }
)

# Runs a program and stops the build if it fails.
function Invoke-Program([string] $Name, [string[]] $Arguments) {
    Write-Verbose "$Name $Arguments"
    & $Name @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "$Name $($Arguments[0]) ended with exit code $LASTEXITCODE."
    }
}

function Invoke-Build {
    Invoke-Program dotnet (@('build', $root) + $buildOptions)
}

function Invoke-Test {
    Invoke-Program dotnet (@('test', $root) + $buildOptions)
}

# In a process of its own, because a loaded module cannot be built again.
function Invoke-Help {
    Invoke-Build
    Invoke-Program $pwsh @('-NoProfile', '-File', (Join-Path $root 'tools/New-Help.ps1'))
    Invoke-Program $pwsh @('-NoProfile', '-File', (Join-Path $root 'tools/New-OptionHelp.ps1'))
}

function Invoke-Analysis {
    if (-not (Get-Module -Name PSScriptAnalyzer -ListAvailable)) {
        Write-Warning 'PSScriptAnalyzer is not installed: no script was analyzed. Install-PSResource PSScriptAnalyzer installs it.'
        return
    }

    $findings = @(& (Join-Path $root 'tools/Get-AnalyzerFinding.ps1'))
    $findings | Format-Table -Property Severity, RuleName, ScriptName, Line, Message -Wrap | Out-Host
    if ($findings) {
        throw "PSScriptAnalyzer has $($findings.Count) findings."
    }
}

# Stages only what a user needs: no debug symbols, no documentation comments, no sources. Published afresh, so that nothing of an older build remains.
function Invoke-Package {
    $manifest = Import-PowerShellDataFile -Path (Join-Path $root 'TcpShell.psd1')
    $stage = Join-Path $root 'out' 'TcpShell' $manifest.ModuleVersion
    if (Test-Path -Path $stage) {
        Remove-Item -Path $stage -Recurse -Force
    }

    $bin = Join-Path $stage 'bin'
    Invoke-Program dotnet (@('publish', (Join-Path $root 'src/TcpShell'), '--output', $bin) + $buildOptions)
    Get-ChildItem -Path $bin -Recurse -Include '*.pdb', '*.xml' | Remove-Item
    foreach ($item in 'TcpShell.psd1', 'TcpShell.Pester.psm1', 'TcpShell.format.ps1xml', 'TcpShell.types.ps1xml', 'en-US', 'LICENSE', 'README.md', 'CHANGELOG.md') {
        Copy-Item -Path (Join-Path $root $item) -Destination $stage -Recurse
    }

    [void] (Test-ModuleManifest -Path (Join-Path $stage 'TcpShell.psd1'))
    Write-Output "Staged $stage"
}

# Build output lies in bin and obj beside each project, and in bin, out and TestResults at the root; nothing of it is in version control.
function Clear-Output {
    $projects = Get-ChildItem -Path $root -Filter '*.csproj' -Recurse | ForEach-Object DirectoryName
    $folders = @($projects | ForEach-Object { Join-Path $_ 'bin'; Join-Path $_ 'obj' }) + @('bin', 'out', 'TestResults' | ForEach-Object { Join-Path $root $_ })
    $folders | Where-Object { Test-Path -Path $_ } | Remove-Item -Recurse -Force
}

foreach ($name in $Task) {
    switch ($name) {
        'Build' { Invoke-Build }
        'Test' { Invoke-Test }
        'Help' { Invoke-Help }
        'Analyze' { Invoke-Analysis }
        'Package' { Invoke-Package }
        'Clean' { Clear-Output }
    }
}
