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

Describe 'ConvertTo-TcpDiagram of a capture' {
    BeforeAll {
        # One segment is lost, sent again, and SACKed; the window is far above what is sent; the client closes.
        $net = New-TcpNetwork
        Add-TcpImpairment -Drop -DataOnly -From client -Skip 2 -Count 1 | Out-Null
        New-TcpConnection | Send-TcpData ('x' * 12000) -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        $path = Join-Path $TestDrive lossy.pcapng
        Export-TcpCapture $path
        $conversation = Import-TcpCapture $path

        New-TcpNetwork | Out-Null
        New-TcpConnection | Close-TcpConnection
        Step-TcpNetwork -Idle
        $bare = Join-Path $TestDrive bare.pcapng
        Export-TcpCapture $bare
        $withoutData = Import-TcpCapture $bare
    }

    It 'says so where a conversation has nothing to show as <_>' -ForEach 'TimeSequence', 'Stevens', 'RoundTripTime', 'Window', 'Throughput' {
        foreach ($format in 'Text', 'Svg') {
            $withoutData | ConvertTo-TcpDiagram -Kind $_ -As $format -WarningVariable warned -WarningAction SilentlyContinue | Should -BeNullOrEmpty
            "$warned" | Should -Match "10.0.0.1:49152.*$_"
        }
    }

    It 'says that one segment with data has no throughput' {
        [void] (New-TcpNetwork)
        New-TcpListener 99 -Application Discard | Out-Null
        New-TcpConnection -To 10.0.0.2:99 | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        $file = Join-Path $TestDrive single.pcapng
        Export-TcpCapture $file
        Import-TcpCapture $file | ConvertTo-TcpDiagram -Kind Throughput -WarningVariable warned -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        "$warned" | Should -Match 'nothing in .* Throughput'
    }

    It 'shows states in their order where one segment tells of two' {
        # The server's FIN is the first that shows that the client's FIN had arrived.
        [void] (New-TcpNetwork)
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        $file = Join-Path $TestDrive order.pcapng
        Export-TcpCapture $file
        $conversation = Import-TcpCapture $file
        $server = @($conversation.StateChanges | Where-Object Local -EQ '10.0.0.2:80')
        $server.Where({ $_.To -eq 'CloseWait' }).Time | Should -Be $server.Where({ $_.To -eq 'LastAck' }).Time
        $ladder = $conversation | ConvertTo-TcpDiagram -Width 100
        $ladder.IndexOf('LastAck') | Should -BeGreaterThan $ladder.IndexOf('CloseWait')
        ($ladder -split "`n" | Where-Object { $_ -match 'LastAck' }) | Should -Match 'FIN'
    }

    It 'says what no capture shows' {
        $ErrorActionPreference = 'Continue' # whoever runs the tests may have chosen Stop
        $failed = $conversation | ConvertTo-TcpDiagram -Kind CongestionWindow 2>&1
        $failed.FullyQualifiedErrorId | Should -Be 'OnlyConnectionKnows,TcpShell.Commands.ConvertToTcpDiagramCommand'
        (Get-TcpSegment -Path $path | ConvertTo-TcpDiagram -Kind CongestionWindow 2>&1).FullyQualifiedErrorId | Should -BeLike 'OnlyConnectionKnows,*'
    }

    It 'gives nothing of what it refuses' {
        $ErrorActionPreference = 'Continue'
        @(1 | ConvertTo-TcpDiagram 2>$null).Count | Should -Be 0
    }

    It 'shows each round trip that was measured, the handshake too' {
        $one = ([xml] ($conversation | ConvertTo-TcpDiagram -Kind RoundTripTime -As Svg)).svg
        @($one.circle).Count | Should -BeGreaterThan 1
        New-TcpNetwork | Out-Null
        New-TcpConnection | Send-TcpData 'hello'
        $short = Join-Path $TestDrive short.pcapng
        Get-TcpSegment -Connection (Get-TcpConnection -HostName client) | Where-Object { $_.From -eq 'client' -or $_.Length -eq 0 } | Export-TcpCapture $short
        $text = Import-TcpCapture $short | ConvertTo-TcpDiagram -Kind RoundTripTime -Width 80
        ([regex]::Matches($text, '\+').Count) | Should -BeGreaterOrEqual 2 -Because 'the handshake and the data were answered'
    }

    It 'shows round trips by timestamps where everything was sent twice' {
        New-TcpNetwork | Out-Null
        New-TcpConnection | Send-TcpData 'hello' -PassThru | Send-TcpData 'again'
        $segments = Get-TcpSegment
        $twice = Join-Path $TestDrive twice.pcapng
        $segments | ForEach-Object { $_; $_ } | Export-TcpCapture $twice
        $doubled = Import-TcpCapture $twice
        $doubled.Client.TimestampRtt.Count | Should -BeGreaterThan 0
        $svg = ([xml] ($doubled | ConvertTo-TcpDiagram -Kind RoundTripTime -As Svg)).svg
        $svg.text.'#text' | Should -Contain 'RTT by timestamps'
        @($svg.circle).Count | Should -BeGreaterThan 0
    }

    It 'draws both directions over the same time' {
        foreach ($kind in 'Throughput', 'Window', 'TimeSequence') {
            $svg = ([xml] ($conversation | ConvertTo-TcpDiagram -Kind $kind -As Svg)).svg
            $axes = foreach ($panel in $svg, $svg.g) { @($panel.text | Where-Object y -EQ '442').'#text' -join ' ' }
            $axes[0] | Should -Match ' s'
            $axes[0] | Should -Be $axes[1]
        }
    }

    It 'says that a window far above is left out' {
        $conversation | ConvertTo-TcpDiagram -Kind TimeSequence | Select-Object -First 1 | Should -Match 'window is far above'
    }

    It 'puts a state beside the segment that shows it' {
        $lines = ($conversation | ConvertTo-TcpDiagram -Width 100 -NoFold) -split "`n"
        $lines | Where-Object { $_ -match 'Established$' } | Should -Match 'ACK seq=1 ack=1 .*\u25ba'
        $lines | Where-Object { $_ -match 'SynReceived$' } | Should -Match 'SYN,ACK'
        $lines | Where-Object { $_ -match '^ *\d+\.\d+ +\w+ *\u2502 *\u2502' } | Should -BeNullOrEmpty -Because 'no state stands alone'
    }

    It 'keeps labels between the lines at <_> columns' -ForEach 60, 80, 100 {
        $lines = ($conversation | ConvertTo-TcpDiagram -Width $_ -NoFold) -split "`n"
        ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual $_
        $lines -match '\[Fast Retransmission\]|Retransmission\]' | Should -Not -BeNullOrEmpty

        # Below the head each row has both lines, in the same two columns.
        $first = $lines[1].IndexOf([char] 0x2502)
        $last = $lines[1].LastIndexOf([char] 0x2502)
        foreach ($line in $lines | Select-Object -Skip 1) {
            $line[$first] | Should -BeIn ([char[]] (0x2502, 0x251c)) -Because $line
            $line[$last] | Should -BeIn ([char[]] (0x2502, 0x2524)) -Because $line
        }
    }

    It 'keeps labels between the lines as SVG, and writes no empty text' {
        $svg = ([xml] ($conversation | ConvertTo-TcpDiagram -As Svg -NoFold)).svg
        $svg.text | Where-Object { -not $_.'#text' } | Should -BeNullOrEmpty
        $lanes = @($svg.line | Where-Object { $_.x1 -eq $_.x2 } | ForEach-Object { [double] $_.x1 })
        $labels = @($svg.text | Where-Object { $_.'#text' -match 'seq=' })
        $labels.Count | Should -BeGreaterThan 10
        foreach ($label in $labels) {
            $half = $label.'#text'.Length * 7 / 2
            [double] $label.x - $half | Should -BeGreaterOrEqual $lanes[0] -Because $label.'#text'
            [double] $label.x + $half | Should -BeLessOrEqual $lanes[1] -Because $label.'#text'
        }
    }

    It 'sets the names of many hosts apart' {
        New-TcpNetwork -Empty | Out-Null
        1..5 | ForEach-Object { New-TcpHost "h$_" -Address "2001:db8:1234:5678::$_" | Out-Null }
        New-TcpListener 80 -HostName h1 | Out-Null
        2..5 | ForEach-Object { New-TcpConnection -From "h$_" -To '[2001:db8:1234:5678::1]:80' | Out-Null }
        $many = Join-Path $TestDrive many.pcapng
        Export-TcpCapture $many
        $lines = (Get-TcpSegment -Path $many | ConvertTo-TcpDiagram -Width 100) -split "`n"
        $head = ($lines | Select-Object -First 2) -join ' '
        foreach ($i in 1..5) { $head | Should -Match "(^|[ \[])2001:db8:1234:5678::$i( |\]|$)" }
    }
}
