BeforeAll {
    . $PSScriptRoot/Common.ps1
    $net = New-TcpNetwork
    Add-TcpImpairment -Drop -DataOnly -From client -Count 1 | Out-Null
    New-TcpConnection | Send-TcpData ('x' * 3000) -PassThru | Close-TcpConnection
    Step-TcpNetwork -Idle
    $whole = Join-Path $TestDrive whole.pcapng
    Export-TcpCapture $whole
    $expected = Import-TcpCapture $whole
}

Describe 'Merge-TcpConversation' {
    It 'makes one of <Of>' -ForEach @(
        @{ Of = 'two files in a row'; First = { $_.Number -le 6 } }
        @{ Of = 'one direction each'; First = { $_.From -eq 'client' } }
    ) {
        $segments = Get-TcpSegment
        $one, $two = (Join-Path $TestDrive one.pcapng), (Join-Path $TestDrive two.pcapng)
        $segments | Where-Object $First | Export-TcpCapture $one
        $segments | Where-Object { -not (& $First) } | Export-TcpCapture $two
        $merged = Import-TcpCapture $two, $one | Merge-TcpConversation
        @($merged).Count | Should -Be 1
        "$merged" | Should -Be "$expected"
        $merged.Parts | Should -Be 2
        $merged.File -split ';' | Sort-Object | Should -Be $one, $two
    }

    It 'makes one of two directions that were captured apart and split, <When>' -ForEach @(
        @{ When = 'each at its own packet'; Cuts = 0.4, 0.6 }
        @{ When = 'both in the middle'; Cuts = 0.5, 0.5 }
    ) {
        $segments = Get-TcpSegment
        $files = foreach ($from in 'client', 'server') {
            $sent = @($segments | Where-Object From -eq $from)
            $cut = [int]($sent.Count * $Cuts[$from -eq 'server'])
            foreach ($part in @(, $sent[0..($cut - 1)]) + @(, $sent[$cut..($sent.Count - 1)])) {
                $file = Join-Path $TestDrive "$from-$($part[0].Number).pcapng"
                $part | Export-TcpCapture $file
                $file
            }
        }

        foreach ($order in $files, $files[3, 1, 0, 2]) {
            $merged = Import-TcpCapture $order | Merge-TcpConversation
            @($merged).Count | Should -Be 1
            "$merged" | Should -Be "$expected"
            "$merged" | Should -Be "$(Import-TcpCapture $order -Merge)"
            $merged.ZeekState | Should -Be $expected.ZeekState

            # What was sent again across a border counts as new.
            $merged.ZeekHistory -replace 'T' | Should -BeExactly ($expected.ZeekHistory -replace 'T')
        }
    }

    It 'counts once what both ends captured' {
        $client, $server = (Join-Path $TestDrive client.pcapng), (Join-Path $TestDrive server.pcapng)
        Export-TcpCapture $client -HostName client
        Export-TcpCapture $server -HostName server
        $merged = Import-TcpCapture $client, $server | Merge-TcpConversation
        @($merged).Count | Should -Be 1
        $merged.Packets | Should -Be $expected.Packets
        $merged.Ended | Should -Be $expected.Ended
    }

    It 'leaves conversations apart that are none' {
        $net = New-TcpNetwork
        New-TcpConnection | Send-TcpData 'a' -PassThru | Close-TcpConnection
        New-TcpConnection | Send-TcpData 'b' -PassThru | Close-TcpConnection
        Export-TcpCapture (Join-Path $TestDrive two-of-them.pcapng)
        @(Import-TcpCapture (Join-Path $TestDrive two-of-them.pcapng) | Merge-TcpConversation).Count | Should -Be 2
    }

    It 'makes one history of two directions that come as rows of a table or through a job' {
        $segments = Get-TcpSegment $net
        $taps = foreach ($from in 'client', 'server') {
            Join-Path $TestDrive "$from-only.pcapng"
            $segments | Where-Object From -EQ $from | Export-TcpCapture (Join-Path $TestDrive "$from-only.pcapng")
        }
        $rows = Join-Path $TestDrive rows.csv
        Import-TcpCapture $taps | Export-TcpConversation $rows -As Csv
        $fromRows = Import-Csv $rows | Merge-TcpConversation
        $fromJob = Start-Job { param($Module, $Taps) Import-Module $Module; Import-TcpCapture $Taps } -ArgumentList $modulePath, $taps | Receive-Job -Wait -AutoRemoveJob | Merge-TcpConversation
        foreach ($merged in $fromRows, $fromJob) {
            $merged.ZeekHistory | Should -BeExactly (Import-TcpCapture $taps -Merge).ZeekHistory
            $merged.ZeekHistory | Should -BeExactly $expected.ZeekHistory
            $merged.ZeekHistoryTimes | Should -Be $expected.ZeekHistoryTimes
            $merged.ZeekState | Should -Be $expected.ZeekState
        }
    }

    It 'takes its own output, and what jobs make of it' {
        $again = Import-TcpCapture $whole | Merge-TcpConversation | Merge-TcpConversation
        "$again" | Should -Be "$expected"
        $through = Start-Job { param($Module, $Path) Import-Module $Module; Import-TcpCapture $Path | Merge-TcpConversation } -ArgumentList $modulePath, $whole | Receive-Job -Wait -AutoRemoveJob
        "$($through | Merge-TcpConversation)" | Should -Be "$expected"
    }

    It 'gives both ends in the same forms as a conversation that was read' {
        $merged = $expected | Merge-TcpConversation
        foreach ($one in $expected, $merged) {
            "$($one.Client.Endpoint)" | Should -Be "$($expected.Client)"
            $one.Client.Address | Should -Be '10.0.0.1'
            $one.Server.Port | Should -Be 80
            "$($one.Client.Analysis)" | Should -Be "$($expected.Client.Analysis)"
        }
    }

    It 'refuses what is no conversation, and merges the rest' {
        $merged = @($expected) + (Get-Date) | Merge-TcpConversation -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'NotAConversation,TcpShell.Commands.MergeTcpConversationCommand'
        @($merged).Count | Should -Be 1
    }
}
