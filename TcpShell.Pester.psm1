<#
.SYNOPSIS
    Should -PassTcpScript, -BeTcpState and -ContainTcpSegment, for tests with Pester 5.

.DESCRIPTION
    Imported with TcpShell. Where Pester is imported later, the first cmdlet of TcpShell that is used after that adds the operators. Where Pester
    is imported once more, with -Force, import TcpShell so as well. about_TcpShell shows how the operators are used.
#>
Set-StrictMode -Version 3.0

# What Pester asks a test for.
function Get-TestResult([bool] $Succeeded, [string] $Message) {
    [pscustomobject]@{ Succeeded = $Succeeded; FailureMessage = $Succeeded ? '' : $Message }
}

function Get-Because([string] $Because) {
    $Because ? " because $($Because -replace '^because\s+')," : ''
}

# Results of Invoke-TcpScript: every script has passed. A script that could not be run has not.
function Test-ScriptPassed($ActualValue, [switch] $Negate, [string] $Because, $CallerSessionState) {
    $null = $CallerSessionState # Pester gives it to every operator
    $results = @($ActualValue | Where-Object { $null -ne $_ })
    $strangers = @($results | Where-Object { $_ -isnot [TcpShell.Scripting.ScriptResult] })
    if ($strangers) {
        throw [ArgumentException] "Should -PassTcpScript takes results of Invoke-TcpScript, not a $($strangers[0].GetType().Name)."
    }

    if (-not $results) {
        return Get-TestResult $false "Expected scripts to $($Negate ? 'fail' : 'pass'),$(Get-Because $Because) but no script was run."
    }

    $wrong = @($results | Where-Object { ($_.Verdict -eq 'Pass') -eq [bool] $Negate })
    $told = @($wrong | ForEach-Object { $Negate ? $_.Path : $_.ToString() })
    $scripts = $results.Count -eq 1 ? 'the script' : "$($results.Count) scripts"
    $count = $results.Count -eq 1 ? 'it' : $wrong.Count
    Get-TestResult (-not $wrong) (
        "Expected $scripts $($Negate ? 'not ' : '')to pass,$(Get-Because $Because) but $count did$($Negate ? '' : ' not'):`n" + ($told -join "`n"))
}

# Connections: every one is in a state, which may be spelled as RFC 9293 or netstat do.
function Test-ConnectionState($ActualValue, $State, [switch] $Negate, [string] $Because, $CallerSessionState) {
    $null = $CallerSessionState
    $wanted = [TcpShell.Tcp.TcpState]::Closed
    if (-not [TcpShell.Tcp.TcpStateNames]::TryParse("$State", [ref] $wanted)) {
        throw [ArgumentException] "'$State' is no state of TCP."
    }

    $connections = @($ActualValue | Where-Object { $null -ne $_ })
    if (-not $connections) {
        return Get-TestResult $false "Expected a connection in $wanted,$(Get-Because $Because) but there is no connection."
    }

    $wrong = @($connections | Where-Object { ($_.State -eq $wanted) -eq [bool] $Negate })
    Get-TestResult (-not $wrong) (
        "Expected $($Negate ? 'another state than ' : '')$wanted,$(Get-Because $Because) but: " + (@($wrong | ForEach-Object { "$_ is $($_.State)" }) -join '; '))
}

# Segments: one of them is as asked for.
function Test-SegmentContained(
    $ActualValue, $Flags, $SequenceNumber, $AcknowledgmentNumber, $Length, [switch] $Relative, [switch] $Negate, [string] $Because, $CallerSessionState
) {
    $null = $CallerSessionState
    $wanted = [TcpShell.Wire.TcpFlags]::None
    if ($null -ne $Flags -and -not [TcpShell.Wire.TcpFlagsExtensions]::TryParse("$Flags", [ref] $wanted)) {
        throw [ArgumentException] "'$Flags' are no control bits; write SYN,ACK, S. or 0x12."
    }

    $segments = @($ActualValue | Where-Object { $null -ne $_ })
    $prefix = $Relative ? 'Relative' : ''
    $found = @($segments | Where-Object {
            ($null -eq $Flags -or [TcpShell.Wire.TcpFlagsExtensions]::Fits($_.Flags, $wanted)) -and
            ($null -eq $SequenceNumber -or $_."${prefix}SequenceNumber" -eq $SequenceNumber) -and
            ($null -eq $AcknowledgmentNumber -or $_."${prefix}AcknowledgmentNumber" -eq $AcknowledgmentNumber) -and
            ($null -eq $Length -or $_.Length -eq $Length)
        })
    $asked = @(
        if ($null -ne $Flags) { "control bits $Flags" }
        if ($null -ne $SequenceNumber) { "sequence number $SequenceNumber" }
        if ($null -ne $AcknowledgmentNumber) { "acknowledgment number $AcknowledgmentNumber" }
        if ($null -ne $Length) { "$Length octets" }
    ) -join ', '
    $shown = @(($Negate ? $found : $segments) | Select-Object -First 20 | ForEach-Object { "  $($_.ToInfo(-not $Relative))" })
    if ($shown.Count -lt ($Negate ? $found : $segments).Count) {
        $shown += '  ...'
    }

    $there = $Negate ? 'there is:' : $segments ? "among $($segments.Count) there is none:" : 'there are no segments.'
    Get-TestResult ([bool] $found -ne [bool] $Negate) ("Expected $($Negate ? 'no' : 'a') segment with $asked,$(Get-Because $Because) but $there`n" + ($shown -join "`n"))
}

# Adds the operators to the Pester that is loaded, and says whether there is one that can have them.
function Add-TcpShouldOperator {
    if (-not (Get-Module -Name Pester | Where-Object Version -GE '5.0')) {
        return $false
    }

    # Pester calls an operator with parameters of its own, by name. One that it has already it takes once more.
    Pester\Add-ShouldOperator -Name PassTcpScript -SupportsArrayInput -Test ${function:Test-ScriptPassed}
    Pester\Add-ShouldOperator -Name BeTcpState -SupportsArrayInput -Test ${function:Test-ConnectionState}
    Pester\Add-ShouldOperator -Name ContainTcpSegment -SupportsArrayInput -Test ${function:Test-SegmentContained}
    $true
}

$null = Add-TcpShouldOperator
