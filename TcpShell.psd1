@{
    RootModule           = 'bin/TcpShell.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f4f7e0e-3c1b-4d0c-9a57-0f0a3c9b8d21'
    Author               = 'The TcpShell authors'
    CompanyName          = 'The TcpShell authors'
    Copyright            = 'Copyright (c) The TcpShell authors. MIT licence.'
    Description          = 'TCP connections as PowerShell objects: opened, driven, broken, watched and explained, on a simulated network, in capture files and on real interfaces.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')

    # Loaded at import, so that [TcpShell.Tcp.TcpState] and the like can be written before the first command has run.
    RequiredAssemblies   = @('bin/TcpShell.Engine.dll', 'bin/TcpShell.dll')
    # Should -PassTcpScript and others, where Pester is loaded.
    NestedModules        = @('TcpShell.Pester.psm1')
    FormatsToProcess     = @('TcpShell.format.ps1xml')
    TypesToProcess       = @('TcpShell.types.ps1xml')

    CmdletsToExport      = @(
        'Add-TcpImpairment'
        'Close-TcpConnection'
        'ConvertFrom-TcpScript'
        'ConvertTo-PacketDotNet'
        'ConvertTo-TcpDiagram'
        'ConvertTo-TcpScript'
        'Export-TcpCapture'
        'Export-TcpConversation'
        'Export-TcpStream'
        'Get-TcpConnection'
        'Get-TcpDevice'
        'Get-TcpImpairment'
        'Get-TcpInterface'
        'Get-TcpSegment'
        'Get-TcpTransition'
        'Import-TcpCapture'
        'Invoke-TcpScript'
        'Measure-TcpConversation'
        'Merge-TcpConversation'
        'New-TcpConnection'
        'New-TcpHost'
        'New-TcpInterface'
        'New-TcpListener'
        'New-TcpNetwork'
        'Receive-TcpData'
        'Remove-TcpImpairment'
        'Remove-TcpInterface'
        'Restart-TcpHost'
        'Send-TcpData'
        'Send-TcpSegment'
        'Set-TcpConnection'
        'Step-TcpNetwork'
        'Stop-TcpHost'
        'Test-TcpPort'
        'Test-TcpScenario'
        'Wait-TcpState'
        'Watch-TcpSegment'
        'Watch-TcpState'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()

    PrivateData          = @{
        PSData = @{
            Tags         = @('TCP', 'Network', 'RFC9293', 'Simulation', 'pcap', 'pcapng', 'Wireshark', 'Teaching', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
