BeforeAll {
    . $PSScriptRoot/Common.ps1
    $path = Join-Path $TestDrive lab.pcapng
    $net = New-TcpNetwork
    Add-TcpImpairment -Drop -DataOnly -From client -Count 1 | Out-Null
    New-TcpConnection | Send-TcpData ('x' * 3000) -PassThru | Close-TcpConnection
    Step-TcpNetwork -Idle
    New-TcpConnection -To 10.0.0.2:81 -ErrorAction SilentlyContinue | Out-Null # nobody listens: refused
    Export-TcpCapture $path
}

Describe 'Measure-TcpConversation' {
    It 'sums up all conversations' {
        $sum = Import-TcpCapture $path | Measure-TcpConversation
        $sum | Should -BeOfType TcpShell.Pcap.Tables.ConversationSummary
        $sum.Conversations | Should -Be 2
        $sum.Packets | Should -Be (Import-TcpCapture $path | Measure-Object Packets -Sum).Sum
        $sum.Bytes | Should -Be (Import-TcpCapture $path | Measure-Object Bytes -Sum).Sum
        $sum.Retransmissions | Should -BeGreaterThan 0
        $sum.RetransmissionRate | Should -Be ($sum.Retransmissions / $sum.Packets)
        $sum.RttMedian.TotalMilliseconds | Should -Be 20
        $sum.Failures[0].Cause | Should -Be 'Refused'
        $sum.TopTalkers[0].Address | Should -Be '10.0.0.1'
    }

    It 'agrees with tshark on packets and octets' {
        if (-not (Get-Command tshark -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tshark is not installed (apt-get install tshark)' }
        $lengths = @(& tshark -r $path -Y tcp -T fields -e tcp.len 2>$null)
        $sum = Import-TcpCapture $path | Measure-TcpConversation
        $sum.Packets | Should -Be $lengths.Count
        $sum.Bytes | Should -Be ($lengths | Measure-Object -Sum).Sum
        @(& tshark -r $path -Y tcp.analysis.retransmission -T fields -e frame.number 2>$null).Count | Should -Be $sum.Retransmissions
    }

    It 'groups by <By>' -ForEach @(
        @{ By = 'Client'; Groups = , '10.0.0.1' }
        @{ By = 'Port'; Groups = '80', '81' }
        @{ By = 'Ended'; Groups = 'ClosedByClient', 'Refused' }
        @{ By = 'Hour'; Groups = , '2020-01-01 00:00Z' }
    ) {
        (Import-TcpCapture $path | Measure-TcpConversation -By $By).Group | Should -Be $Groups
    }

    It 'groups by several at once: <By>' -ForEach @(
        @{ By = 'Client', 'Port'; Groups = '10.0.0.1, 80', '10.0.0.1, 81' }
        @{ By = 'Client,Port'; Groups = '10.0.0.1, 80', '10.0.0.1, 81' }
        @{ By = 'Port', 'Hour'; Groups = '80, 2020-01-01 00:00Z', '81, 2020-01-01 00:00Z' }
        @{ By = 'Server', 'Hour'; Groups = , '10.0.0.2, 2020-01-01 00:00Z' }
    ) {
        (Import-TcpCapture $path | Measure-TcpConversation -By $By).Group | Should -Be $Groups
    }

    It 'names hours that -StartTime understands, wherever it is' {
        $out = & $pwshPath -NoProfile -Command "`$env:TZ = 'Pacific/Honolulu'; [TimeZoneInfo]::ClearCachedData(); Import-Module '$modulePath'
            [TimeZoneInfo]::Local.BaseUtcOffset.TotalHours
            `$hour = (Import-TcpCapture '$path' | Measure-TcpConversation -By Hour).Group
            @(Import-TcpCapture '$path' -StartTime `$hour).Count
            @(Import-TcpCapture '$path' -EndTime `$hour).Count"
        $out | Should -Be -10, 2, 0
    }

    It 'says that its times are in UTC' {
        Import-TcpCapture $path | Measure-TcpConversation | Format-List | Out-String | Should -Match '(?s)Start +: 2020-01-01 00:00:00\.000000Z.*End +: 2020-01-01 00:\d\d:\d\d\.\d{6}Z'
    }

    It 'has room for its numbers whatever the groups are called' {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive ('long-' * 20) ('name-' * 10))
        Copy-Item $path (Join-Path $folder one.pcapng)
        $table = Import-TcpCapture (Join-Path $folder one.pcapng) | Measure-TcpConversation -By File | Out-String -Width 120
        $table | Should -Match 'Group +Conv\. +Packets +Bytes +Again +RttMedian +Rtt95 +Failed'
        $table | Should -Match 'one\.pcapng' -Because 'that tells files apart'
    }

    It 'names no more talkers than asked for' {
        @((Import-TcpCapture $path | Measure-TcpConversation -Top 1).TopTalkers).Count | Should -Be 1
    }

    It 'takes what a parallel ForEach-Object and a job give' {
        $sum = $path, $path | ForEach-Object -Parallel { Import-Module $using:modulePath; Import-TcpCapture $_ } | Measure-TcpConversation
        $sum.Conversations | Should -Be 4
        $sum = Start-Job { param($Module, $Path) Import-Module $Module; Import-TcpCapture $Path } -ArgumentList $modulePath, $path | Receive-Job -Wait -AutoRemoveJob | Measure-TcpConversation
        $sum.RttMedian.TotalMilliseconds | Should -Be 20
        $sum.Failures[0].Cause | Should -Be 'Refused'
    }

    It 'refuses what is no conversation, and measures the rest' {
        $sum = @(Import-TcpCapture $path) + 42 | Measure-TcpConversation -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'NotAConversation,TcpShell.Commands.MeasureTcpConversationCommand'
        $sum.Conversations | Should -Be 2
    }

    It 'fits into 80 columns' {
        $lines = Import-TcpCapture $path | Measure-TcpConversation -By Ended | Format-Table | Out-String -Width 80 -Stream
        ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
        $lines -match 'Failed' | Should -Not -BeNullOrEmpty
    }

    It 'gives nothing at all where no conversation came' {
        @(@() | Measure-TcpConversation).Count | Should -Be 0
        @(@() | Measure-TcpConversation -By Port).Count | Should -Be 0
        @(42 | Measure-TcpConversation -ErrorAction SilentlyContinue).Count | Should -Be 0
    }
}
