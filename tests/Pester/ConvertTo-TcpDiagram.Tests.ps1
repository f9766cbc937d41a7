BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'ConvertTo-TcpDiagram' {
    BeforeEach {
        $net = New-TcpNetwork
        $c = New-TcpConnection
        $c | Send-TcpData 'hello'
        $c | Close-TcpConnection
    }

    It 'draws the current network as a ladder' {
        $text = ConvertTo-TcpDiagram -Width 100
        $text | Should -BeOfType string
        $text | Should -Match 'client\s+server'
        $text | Should -Match 'SYN,ACK seq=0 ack=1'
        $text | Should -Match 'TimeWait'
        ($text -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 100
    }

    It 'draws with ASCII characters alone' {
        ConvertTo-TcpDiagram -Ascii | Should -Match '^[\x20-\x7e\n]*$'
        ConvertTo-TcpDiagram -Ascii -Kind State | Should -Match '^[\x20-\x7e\n]*$'
    }

    It 'shows a lost segment and why' {
        Add-TcpImpairment -Drop -Flags SYN -Count 1 | Out-Null
        $second = New-TcpConnection
        $second | ConvertTo-TcpDiagram | Should -Match 'drop'
    }

    It 'takes <Kind> from the pipeline' -ForEach @(
        @{ Kind = 'segments'; Get = { Get-TcpSegment } }
        @{ Kind = 'a connection'; Get = { Get-TcpConnection -All -HostName client } }
        @{ Kind = 'a network'; Get = { New-TcpConnection | ForEach-Object Network } }
    ) {
        & $Get | ConvertTo-TcpDiagram | Should -Match 'SYN seq=0'
    }

    It 'shows raw numbers with -Absolute' {
        ConvertTo-TcpDiagram -Absolute | Should -Match "seq=$($c.Iss)"
    }

    It 'writes Mermaid' {
        ConvertTo-TcpDiagram -As Mermaid | Should -Match '^sequenceDiagram'
        ConvertTo-TcpDiagram -As Mermaid -Kind State | Should -Match '^stateDiagram-v2'
    }

    It 'marks the edges that were taken (P72)' {
        $text = Watch-TcpState -HostName client | ConvertTo-TcpDiagram -Kind State
        $text | Should -Match 'FinWait1\s+-> TimeWait'
        $text | Should -Not -Match 'CloseWait\s+-> LastAck\s+the user'
    }

    It 'charts <Kind> as text and as SVG (P35)' -ForEach @(
        @{ Kind = 'CongestionWindow'; Count = 1 }
        @{ Kind = 'RoundTripTime'; Count = 1 }
        @{ Kind = 'TimeSequence'; Count = 2 } # the echo comes back
        @{ Kind = 'Stevens'; Count = 2 }
        @{ Kind = 'Window'; Count = 2 }
        @{ Kind = 'Throughput'; Count = 2 }
    ) {
        $connection = New-TcpConnection | Send-TcpData ('x' * 50000) -PassThru
        Step-TcpNetwork -For 1s
        $texts = @($connection | ConvertTo-TcpDiagram -Kind $Kind -Width 80)
        $texts.Count | Should -Be $Count
        foreach ($line in $texts[0].Split("`n")) { $line.Length | Should -BeLessOrEqual 80 }
        $svg = ([xml] ($connection | ConvertTo-TcpDiagram -Kind $Kind -As Svg)).svg
        $svg.height | Should -Be (480 * $Count) # one document, that a file can hold
        foreach ($chart in @($svg) + @($svg.g | Where-Object { $_ })) {
            @($chart.path) + @($chart.circle) | Where-Object { $_ } | Should -Not -BeNullOrEmpty
        }
    }

    It 'draws the ladder as SVG' {
        $texts = ([xml] (ConvertTo-TcpDiagram -As Svg)).svg.text.'#text'
        $texts | Should -Contain 'SYN,ACK seq=0 ack=1'
        $texts | Should -Contain 'client'
    }

    It 'refuses <Kind> as <As>' -ForEach @(
        @{ Kind = 'State'; As = 'Svg' }
        @{ Kind = 'TimeSequence'; As = 'Mermaid' }
    ) {
        { ConvertTo-TcpDiagram -Kind $Kind -As $As } | Should -Throw -ErrorId 'CannotDrawAs,*'
    }

    It 'refuses what cannot be drawn, and draws the rest' {
        $text = @(Get-TcpSegment) + 42 | ConvertTo-TcpDiagram -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'NotDrawable,TcpShell.Commands.ConvertToTcpDiagramCommand'
        $text | Should -Match 'SYN seq=0'
    }
}
