<#
.SYNOPSIS
    Writes the topic about_TcpOptions from the settings of a connection.

.DESCRIPTION
    The names and the defaults are those of TcpSettings in the built module, the texts its documentation comments, so that the topic cannot tell
    anything else than what the module does. The same module always gives the same file.

    Run it after a build, in a fresh pwsh: ./build.ps1 -Task Help does so.

.PARAMETER ModulePath
    The manifest of the built module.

.PARAMETER OutputPath
    The file to write.

.EXAMPLE
    pwsh -NoProfile -File tools/New-OptionHelp.ps1

    Writes en-US/about_TcpOptions.help.txt.
#>
[CmdletBinding()]
param(
    [string] $ModulePath = (Join-Path $PSScriptRoot '../TcpShell.psd1'),

    [string] $OutputPath = (Join-Path $PSScriptRoot '../en-US/about_TcpOptions.help.txt')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# Help topics are plain text of at most this many columns.
$width = 78

# The text of a documentation comment in one line; a reference is written as the last part of its name.
function Get-Summary([string] $Id) {
    $node = $script:documentation.SelectSingleNode("/doc/members/member[@name='$Id']/summary")
    if ($null -eq $node) {
        throw "$Id has no documentation comment."
    }

    $text = foreach ($child in $node.ChildNodes) {
        $child -is [System.Xml.XmlElement] -and $child.HasAttribute('cref') ? $child.GetAttribute('cref').Split('.')[-1] : $child.InnerText
    }

    ((-join $text) -replace '\s+', ' ').Trim()
}

# A text broken into lines, each behind the same indentation.
function Format-Text([string] $Text, [int] $Indentation) {
    $line = ''
    foreach ($word in $Text.Split(' ')) {
        if ($line -and $Indentation + $line.Length + 1 + $word.Length -gt $width) {
            ' ' * $Indentation + $line
            $line = ''
        }

        $line += ($line ? ' ' : '') + $word
    }

    ' ' * $Indentation + $line
}

function Format-Value($Value) {
    switch ($Value) {
        $null { 'none' }
        ([int]::MaxValue) { 'never' }
        { $_ -is [timespan] } { [TcpShell.Text.DurationText]::Format($Value) }
        { $_ -is [bool] } { "`$$Value".ToLowerInvariant() }
        default { "$Value" }
    }
}

# Names are sorted and numbers written the same way everywhere.
[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture

$module = Import-Module -Name $ModulePath -PassThru
$documentation = [xml]::new()
$documentation.Load((Join-Path (Split-Path $module.ExportedCmdlets.Values.ImplementingType[0].Assembly.Location) 'TcpShell.Engine.xml'))
$type = [TcpShell.Tcp.TcpSettings]
$names = [string[]] $type.GetProperties('Public, Instance').Where{ $_.CanWrite -and $_.Name -ne 'Profile' }.Name
[array]::Sort($names, [StringComparer]::Ordinal)

$options = foreach ($name in $names) {
    $property = $type.GetProperty($name)
    $linux = Format-Value $property.GetValue($type::Linux)
    $rfc = Format-Value $property.GetValue($type::Rfc)
    $values = $linux -ceq $rfc ? $linux : "$linux (linux), $rfc (rfc)"
    '    {0,-26}{1}' -f $name, $values
    Format-Text (Get-Summary "P:$($type.FullName).$name") 8
    if ($property.PropertyType.IsEnum) {
        foreach ($value in [Enum]::GetNames($property.PropertyType)) {
            Format-Text "${value}: $(Get-Summary "F:$($property.PropertyType.FullName).$value")" 12
        }
    }

    ''
}

$text = @"
TOPIC
    about_TcpOptions

SHORT DESCRIPTION
    Everything in which one TCP may differ from another, by name.

LONG DESCRIPTION
    Each host has settings that its connections inherit. They begin as one of
    two profiles: linux (the default) does what a current Linux host does,
    rfc follows the numbers that the RFCs name. New-TcpHost -Profile chooses
    one, and -Option changes what shall differ:

        New-TcpHost strict -Profile rfc -Option @{ MinimumRto = '2s' }

    New-TcpConnection and New-TcpListener take -Option as well, for that
    connection or that port alone. The property Settings of a host or of a
    connection shows all of them.

    Durations are written in quotes ('200ms'), sizes are octets, `$true and
    `$false are switches. A name that does not exist or a value that cannot be
    is an error, and nothing is made.

    Below, behind each name, stands its default; where the profiles differ,
    both.

$($options -join "`n")
EXAMPLES
    What is in force on a connection:

        (New-TcpConnection).Settings

    A connection that neither delays small segments nor scales windows:

        New-TcpConnection -Option @{ Nagle = `$false; WindowScaling = `$false }

KEYWORDS
    settings, profile, linux, rfc, sysctl, socket option

SEE ALSO
    about_TcpShell
    about_TcpStates
    New-TcpHost
    New-TcpConnection

"@
$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputPath)
[System.IO.File]::WriteAllText($path, $text.Replace("`r", '').Replace("`n`n`n", "`n`n"), [System.Text.UTF8Encoding]::new($false))
