<#
.SYNOPSIS
    Writes the module's help file from the XML documentation comments of its cmdlets.

.DESCRIPTION
    The comments on the cmdlet classes and on their parameters are the one source of the help: <summary> is the synopsis, <remarks> the description,
    each <example> a title, code and remarks, each <seealso> a related link. What the compiler knows better (syntax, parameter sets, positions,
    pipeline input, aliases, defaults, accepted values) is taken from the built module. The same module always gives the same file.

    Run it after a build, in a fresh pwsh: ./build.ps1 -Task Help does so.

.PARAMETER ModulePath
    The manifest of the built module.

.PARAMETER OutputPath
    The file to write.

.EXAMPLE
    pwsh -NoProfile -File tools/New-Help.ps1

    Writes en-US/TcpShell.dll-Help.xml.
#>
[CmdletBinding()]
param(
    [string] $ModulePath = (Join-Path $PSScriptRoot '../TcpShell.psd1'),

    [string] $OutputPath = (Join-Path $PSScriptRoot '../en-US/TcpShell.dll-Help.xml')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$maml = 'http://schemas.microsoft.com/maml/2004/10'
$command = 'http://schemas.microsoft.com/maml/dev/command/2004/10'
$dev = 'http://schemas.microsoft.com/maml/dev/2004/10'

$riskParameters = @{
    WhatIf  = 'Shows what would happen, and does nothing.'
    Confirm = 'Asks before anything happens.'
}

# --- The documentation comments -------------------------------------------------------------------------------------

# All documented members of the assemblies beside the module, by their ids (T:..., P:...).
function Read-Documentation([string] $Folder) {
    $members = @{}
    foreach ($file in Get-ChildItem -Path $Folder -Filter 'TcpShell*.xml') {
        $document = [xml]::new()
        $document.PreserveWhitespace = $true
        $document.Load($file.FullName)
        foreach ($member in $document.SelectNodes('/doc/members/member')) {
            $members[$member.GetAttribute('name')] = $member
        }
    }

    $members
}

# What a reference (T:TcpShell.Tcp.TcpState) is called in running text.
function Get-ReferenceText([string] $Reference) {
    $name = $Reference -replace '^\w:' -replace '\(.*$'
    if ($script:cmdletNames.ContainsKey($name)) {
        return $script:cmdletNames[$name]
    }

    $parts = $name.Split('.')
    $owner = $parts[0..([Math]::Max(0, $parts.Count - 2))] -join '.'
    if ($script:cmdletNames.ContainsKey($owner)) {
        return "-$($parts[-1])"
    }

    $isMember = $Reference -match '^[PFME]:'
    $isMember -and $parts.Count -gt 1 ? "$($parts[-2]).$($parts[-1])" : $parts[-1]
}

# The text of a node without its paragraphs' and lines' shape.
function Get-InlineText([System.Xml.XmlNode] $Node) {
    $text = foreach ($child in $Node.ChildNodes) {
        if ($child -isnot [System.Xml.XmlElement]) {
            $child.Value
        } elseif ($child.HasAttribute('cref') -and -not $child.InnerText) {
            Get-ReferenceText $child.GetAttribute('cref')
        } elseif ($child.InnerText) {
            Get-InlineText $child
        } else {
            "$($child.GetAttribute('langword'))$($child.GetAttribute('name'))$($child.GetAttribute('href'))"
        }
    }

    ((-join $text) -replace '\s+', ' ')
}

# The lines of a code element, without the indentation that they have in common.
function Get-CodeText([System.Xml.XmlNode] $Node) {
    $lines = $Node.InnerText.Replace("`r", '').Trim("`n", ' ').Split("`n")
    $indents = $lines | Select-Object -Skip 1 | Where-Object { $_.Trim() } | ForEach-Object { $_.Length - $_.TrimStart().Length }
    $common = ($indents | Measure-Object -Minimum).Minimum
    ($lines | ForEach-Object { $_ -match '^\s' -and $common ? $_.Substring([Math]::Min($common, $_.Length)) : $_ } | ForEach-Object TrimEnd) -join "`n"
}

# A node as paragraphs: <para> and text between them, the items of a <list>, and <code> as it stands.
function Get-Paragraph([System.Xml.XmlNode] $Node) {
    if ($null -eq $Node) {
        return
    }

    $inline = $Node.OwnerDocument.CreateElement('para')
    foreach ($child in @($Node.ChildNodes) + $null) {
        $isBlock = $null -eq $child -or $child.Name -in 'para', 'list', 'code'
        if (-not $isBlock) {
            [void] $inline.AppendChild($child.CloneNode($true))
            continue
        }

        $text = (Get-InlineText $inline).Trim()
        if ($text) {
            $text
        }

        $inline.RemoveAll()
        switch (${child}?.Name) {
            'para' { (Get-InlineText $child).Trim() }
            'list' { $child.SelectNodes('item') | ForEach-Object { "- $((Get-InlineText $_).Trim())" } }
            'code' { Get-CodeText $child }
        }
    }
}

# --- What the built module knows --------------------------------------------------------------------------------------

function Get-TypeName([Type] $Type) {
    $plain = [Nullable]::GetUnderlyingType($Type) ?? $Type
    $plain.IsArray ? "$(Get-TypeName $plain.GetElementType())[]" : $plain.Name
}

function Get-PipelineInput($Parameter) {
    $kinds = @(
        if ($Parameter.ValueFromPipeline) { 'ByValue' }
        if ($Parameter.ValueFromPipelineByPropertyName) { 'ByPropertyName' }
    )
    $kinds ? "True ($($kinds -join ', '))" : 'False'
}

# The value that a parameter has when it is left out: the cmdlet's own, before binding.
function Get-DefaultValue($Cmdlet, [string] $Name) {
    if ($riskParameters.ContainsKey($Name)) {
        return 'False'
    }

    $instance = [Activator]::CreateInstance($Cmdlet.ImplementingType)
    try {
        $value = $Cmdlet.ImplementingType.GetProperty($Name)?.GetValue($instance)
    } finally {
        ($instance -as [IDisposable])?.Dispose()
    }

    if ($value -is [timespan]) {
        return [TcpShell.Text.DurationText]::Format($value)
    }

    $values = @($value | Where-Object { $null -ne $_ })
    $values.Count ? [string]::Join(', ', $values) : 'None'
}

# The sentence on what a parameter takes, from its attributes or its type.
function Get-AcceptedText($Parameter) {
    foreach ($attribute in $Parameter.Attributes) {
        if ($attribute.PSObject.Properties['Accepted']) {
            return "Takes $($attribute.Accepted)."
        }

        switch ($attribute.GetType().Name) {
            'ValidateSetAttribute' { return "One of: $($attribute.ValidValues -join ', ')." }
            'ValidateRangeAttribute' { return "From $($attribute.MinRange) to $($attribute.MaxRange)." }
        }
    }

    $type = [Nullable]::GetUnderlyingType($Parameter.ParameterType) ?? $Parameter.ParameterType
    $type = $type.IsArray ? $type.GetElementType() : $type
    if ($type.IsEnum) {
        return "One of: $([Enum]::GetNames($type) -join ', ')."
    }
}

function Get-ParameterText($Cmdlet, $Parameter) {
    if ($riskParameters.ContainsKey($Parameter.Name)) {
        return $riskParameters[$Parameter.Name]
    }

    $property = $Cmdlet.ImplementingType.GetProperty($Parameter.Name)
    Get-Paragraph $script:documentation["P:$($property.DeclaringType.FullName).$($Parameter.Name)"]?.SelectSingleNode('summary')
    Get-AcceptedText $Parameter
}

function Test-IsOwnParameter([string] $Name) {
    $Name -notin [System.Management.Automation.PSCmdlet]::CommonParameters
}

# Positional parameters first, then by name: the order in which syntax lines are read.
function Get-SetParameter($ParameterSet) {
    $own = @($ParameterSet.Parameters | Where-Object { Test-IsOwnParameter $_.Name })
    $own | Where-Object Position -GE 0 | Sort-Object Position
    $own | Where-Object Position -LT 0 | Sort-Object { -not $_.IsMandatory }, { $riskParameters.ContainsKey($_.Name) }, Name
}

# --- The help file ----------------------------------------------------------------------------------------------------

function Write-Paragraph([System.Xml.XmlWriter] $Writer, [string] $Prefix, [string] $Name, [string] $Namespace, [string[]] $Text) {
    $Writer.WriteStartElement($Prefix, $Name, $Namespace)
    foreach ($paragraph in $Text) {
        $Writer.WriteElementString('maml', 'para', $maml, $paragraph)
    }

    $Writer.WriteEndElement()
}

function Write-Parameter([System.Xml.XmlWriter] $Writer, $Cmdlet, $Parameter, [switch] $Full) {
    $typeName = Get-TypeName $Parameter.ParameterType
    $isSwitch = $Parameter.ParameterType -eq [switch]
    $Writer.WriteStartElement('command', 'parameter', $command)
    $Writer.WriteAttributeString('required', "$($Parameter.IsMandatory)".ToLowerInvariant())
    $Writer.WriteAttributeString('variableLength', "$($Parameter.ParameterType.IsArray)".ToLowerInvariant())
    $Writer.WriteAttributeString('globbing', "$(@($Parameter.Attributes).Where{ $_ -is [SupportsWildcards] }.Count -gt 0)".ToLowerInvariant())
    $Writer.WriteAttributeString('pipelineInput', (Get-PipelineInput $Parameter))
    $Writer.WriteAttributeString('position', $Parameter.Position -ge 0 ? "$($Parameter.Position)" : 'named')
    $Writer.WriteAttributeString('aliases', @($Parameter.Aliases).Count ? ($Parameter.Aliases -join ', ') : 'none')
    $Writer.WriteElementString('maml', 'name', $maml, $Parameter.Name)
    Write-Paragraph $Writer 'maml' 'description' $maml ($Full ? (Get-ParameterText $Cmdlet $Parameter) : @())
    if (-not $isSwitch -or $Full) {
        $Writer.WriteStartElement('command', 'parameterValue', $command)
        $Writer.WriteAttributeString('required', $isSwitch ? 'false' : 'true')
        $Writer.WriteAttributeString('variableLength', "$($Parameter.ParameterType.IsArray)".ToLowerInvariant())
        $Writer.WriteString($typeName)
        $Writer.WriteEndElement()
    }

    Write-Type $Writer $typeName
    $Writer.WriteElementString('dev', 'defaultValue', $dev, (Get-DefaultValue $Cmdlet $Parameter.Name))
    $Writer.WriteEndElement()
}

function Write-Type([System.Xml.XmlWriter] $Writer, [string] $Name) {
    $Writer.WriteStartElement('dev', 'type', $dev)
    $Writer.WriteElementString('maml', 'name', $maml, $Name)
    $Writer.WriteElementString('maml', 'uri', $maml, '')
    $Writer.WriteEndElement()
}

# Input or output types, each with the summary of the type where it is one of ours.
function Write-TypeList([System.Xml.XmlWriter] $Writer, [string] $List, [string] $Item, [Type[]] $Types) {
    $Writer.WriteStartElement('command', $List, $command)
    foreach ($type in $Types) {
        $element = $type.IsArray ? $type.GetElementType() : $type
        $Writer.WriteStartElement('command', $Item, $command)
        Write-Type $Writer $element.FullName
        Write-Paragraph $Writer 'maml' 'description' $maml (Get-Paragraph $script:documentation["T:$($element.FullName)"]?.SelectSingleNode('summary'))
        $Writer.WriteEndElement()
    }

    $Writer.WriteEndElement()
}

function Write-Example([System.Xml.XmlWriter] $Writer, $Documentation) {
    $number = 0
    $Writer.WriteStartElement('command', 'examples', $command)
    foreach ($example in $Documentation.SelectNodes('example')) {
        $number++
        $title = (Get-InlineText $example.SelectSingleNode('para')).Trim()
        $code = $example.SelectSingleNode('code')
        $remarks = foreach ($node in $example.SelectNodes('code[1]/following-sibling::*')) {
            $node.Name -eq 'code' ? (Get-CodeText $node) : (Get-InlineText $node).Trim()
        }
        $Writer.WriteStartElement('command', 'example', $command)
        $Writer.WriteElementString('maml', 'title', $maml, "--- Example ${number}: $title ---")
        $Writer.WriteElementString('dev', 'code', $dev, (Get-CodeText $code))
        Write-Paragraph $Writer 'dev' 'remarks' $dev (@($remarks) + '')
        $Writer.WriteEndElement()
    }

    $Writer.WriteEndElement()
}

function Write-RelatedLink([System.Xml.XmlWriter] $Writer, $Documentation) {
    $Writer.WriteStartElement('command', 'relatedLinks', $command)
    foreach ($link in $Documentation.SelectNodes('seealso')) {
        $target = $link.GetAttribute('href')
        $text = $link.InnerText ? $link.InnerText : $target ? $target : (Get-ReferenceText $link.GetAttribute('cref'))
        $Writer.WriteStartElement('maml', 'navigationLink', $maml)
        $Writer.WriteElementString('maml', 'linkText', $maml, $text)
        $Writer.WriteElementString('maml', 'uri', $maml, $target -match '^https?:' ? $target : '')
        $Writer.WriteEndElement()
    }

    $Writer.WriteEndElement()
}

function Write-Command([System.Xml.XmlWriter] $Writer, $Cmdlet) {
    $comments = $script:documentation["T:$($Cmdlet.ImplementingType.FullName)"]
    if ($null -eq $comments) {
        throw "$($Cmdlet.ImplementingType) has no documentation comment."
    }

    $sets = @($Cmdlet.ParameterSets | Sort-Object { -not $_.IsDefault }, Name)
    $Writer.WriteStartElement('command', 'command', $command)
    $Writer.WriteAttributeString('xmlns', 'maml', $null, $maml)
    $Writer.WriteAttributeString('xmlns', 'dev', $null, $dev)

    $Writer.WriteStartElement('command', 'details', $command)
    $Writer.WriteElementString('command', 'name', $command, $Cmdlet.Name)
    $Writer.WriteElementString('command', 'verb', $command, $Cmdlet.Verb)
    $Writer.WriteElementString('command', 'noun', $command, $Cmdlet.Noun)
    Write-Paragraph $Writer 'maml' 'description' $maml (Get-Paragraph $comments.SelectSingleNode('summary'))
    $Writer.WriteEndElement()
    Write-Paragraph $Writer 'maml' 'description' $maml (Get-Paragraph $comments.SelectSingleNode('remarks'))

    $Writer.WriteStartElement('command', 'syntax', $command)
    foreach ($set in $sets) {
        $Writer.WriteStartElement('command', 'syntaxItem', $command)
        $Writer.WriteElementString('maml', 'name', $maml, $Cmdlet.Name)
        foreach ($parameter in Get-SetParameter $set) {
            Write-Parameter $Writer $Cmdlet $parameter
        }

        $Writer.WriteEndElement()
    }

    $Writer.WriteEndElement()

    # A parameter of several sets is described once, as its first set has it.
    $parameters = $sets | ForEach-Object { Get-SetParameter $_ } | Group-Object Name | ForEach-Object { $_.Group[0] } | Sort-Object Name
    $Writer.WriteStartElement('command', 'parameters', $command)
    foreach ($parameter in $parameters) {
        Write-Parameter $Writer $Cmdlet $parameter -Full
    }

    $Writer.WriteEndElement()
    $inputTypes = $sets.Parameters | Where-Object ValueFromPipeline | ForEach-Object ParameterType | Sort-Object FullName -Unique
    Write-TypeList $Writer 'inputTypes' 'inputType' $inputTypes
    Write-TypeList $Writer 'returnValues' 'returnValue' ($Cmdlet.OutputType | ForEach-Object Type | Sort-Object FullName -Unique)
    Write-Example $Writer $comments
    Write-RelatedLink $Writer $comments
    $Writer.WriteEndElement()
}

# Names are sorted and numbers written the same way everywhere.
[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture

$module = Import-Module -Name $ModulePath -PassThru
$documentation = Read-Documentation (Split-Path $module.ExportedCmdlets.Values.ImplementingType[0].Assembly.Location)
$names = [string[]] $module.ExportedCmdlets.Keys
[array]::Sort($names, [StringComparer]::Ordinal)
$cmdlets = $names | ForEach-Object { $module.ExportedCmdlets[$_] }
$cmdletNames = @{}
foreach ($cmdlet in $cmdlets) {
    $cmdletNames[$cmdlet.ImplementingType.FullName] = $cmdlet.Name
}

# Written as a whole at the end, so that an error leaves the old file alone.
$text = [System.IO.MemoryStream]::new()
$settings = [System.Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; Encoding = [System.Text.UTF8Encoding]::new($false) }
$writer = [System.Xml.XmlWriter]::Create($text, $settings)
$writer.WriteComment(' Written by tools/New-Help.ps1 from the comments in src/TcpShell: change those, then run ./build.ps1 -Task Help. ')
$writer.WriteStartElement('helpItems', 'http://msh')
$writer.WriteAttributeString('schema', 'maml')
foreach ($cmdlet in $cmdlets) {
    Write-Command $writer $cmdlet
}

$writer.WriteEndElement()
$writer.WriteRaw("`n")
$writer.Dispose()
[System.IO.File]::WriteAllBytes($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputPath), $text.ToArray())
