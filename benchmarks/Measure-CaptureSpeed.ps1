<#
.SYNOPSIS
    Measures the analysis of captures side by side with other programs on the same file.

.DESCRIPTION
    Publishes benchmarks/CaptureSpeed, compiled ahead, generates the captures that are missing, and runs every program on them by turns, each run
    a cold process bound to one core (or two, where it says so). Gives the medians of the wall clock's and the processor's time, and how many times
    longer each program takes than our analysis. Programs that are not installed are left out with a warning.

.PARAMETER Count
    Runs of each program; the slow ones (tshark) run once.

.PARAMETER Folder
    Where the captures and the published program go.

.PARAMETER Capture
    Further captures to measure, beside the generated ones.

.EXAMPLE
    benchmarks/Measure-CaptureSpeed.ps1 -Count 5 | Format-Table
#>
[CmdletBinding()]
param(
    [ValidateRange(1, 100)]
    [int] $Count = 5,

    [string] $Folder = (Join-Path ([IO.Path]::GetTempPath()) 'CaptureSpeed'),

    [string[]] $Capture = @()
)

$ErrorActionPreference = 'Stop'
$project = Join-Path $PSScriptRoot 'CaptureSpeed'
$ours = Join-Path $Folder 'publish/CaptureSpeed'
$null = New-Item -ItemType Directory -Force $Folder
dotnet publish $project -c Release --use-current-runtime "-p:PublishDir=$(Join-Path $Folder 'publish')/" --nologo -v quiet
if ($LASTEXITCODE -ne 0) {
    throw 'CaptureSpeed cannot be published.'
}

foreach ($shape in 'many', 'few') {
    $file = Join-Path $Folder "$shape.pcap"
    if (-not (Test-Path $file)) {
        & $ours generate $shape $file
    }

    $Capture = @($file) + $Capture
}

# What is run, on how many cores, and how often.
function Get-Program([string] $File) {
    [ordered]@{
        'bare loop'                = 1, $Count, "$ours parse $File"
        'analysis'                 = 1, $Count, "$ours analyse $File"
        'analysis, 2 threads'      = 2, $Count, "$ours analyse $File 2"
        'SharpPcap reading only'   = 1, $Count, "$ours sharppcap $File"
        'tcpdump -nn'              = 1, $Count, "tcpdump -nn -r $File tcp"
        'tcptrace -l -r'           = 1, $Count, "tcptrace -n -l -r $File"
        'tshark -q -z conv,tcp'    = 1, 1, "tshark -n -r $File -q -z conv,tcp"
        'tshark analysis flags'    = 1, 1, "tshark -n -r $File -T fields -e tcp.stream -e tcp.flags -e tcp.analysis.flags"
    }
}

# Wall clock and processor in seconds, from bash's own clock; nothing where the program does not exist or fails.
function Measure-Run([int] $Cores, [string] $Command) {
    $script = "TIMEFORMAT='%R %U %S'; time { taskset -c 0-$($Cores - 1) $Command >/dev/null 2>&1; code=`$?; }; exit `$code"
    $time = (bash -c $script 2>&1 | Select-Object -Last 1) -split ' '
    if ($LASTEXITCODE -eq 0) {
        [pscustomobject]@{ Wall = [double] $time[0]; Processor = [double] $time[1] + [double] $time[2] }
    }
}

function Get-Median([double[]] $Values) {
    ($Values | Sort-Object)[[int] [Math]::Floor($Values.Count / 2)]
}

foreach ($file in $Capture) {
    $programs = Get-Program $file
    $runs = @{}

    # By turns, so that a machine that gets slower or faster does so for all; the first run of each only warms up the file's pages.
    foreach ($round in 0..$Count) {
        foreach ($name in $programs.Keys) {
            $cores, $times, $command = $programs[$name]
            if ($round -le $times -and ($round -gt 0 -or $times -gt 1)) {
                $runs[$name] += @(Measure-Run $cores $command | Where-Object { $round -gt 0 })
            }
        }
    }

    $base = Get-Median $runs['analysis'].Processor
    foreach ($name in $programs.Keys) {
        if (-not $runs[$name]) {
            Write-Warning "'$name' did not run and is left out."
            continue
        }

        $processor = Get-Median $runs[$name].Processor
        [pscustomobject]@{
            Capture          = Split-Path -Leaf $file
            Program          = $name
            Runs             = $runs[$name].Count
            WallSeconds      = [Math]::Round((Get-Median $runs[$name].Wall), 3)
            ProcessorSeconds = [Math]::Round($processor, 3)
            TimesOurs        = [Math]::Round($processor / $base, 2)
        }
    }
}
