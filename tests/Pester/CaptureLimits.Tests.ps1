# What a limit leaves out is told, and each limit can be set.
BeforeAll {
    . $PSScriptRoot/Common.ps1
    $path = Join-Path $TestDrive lab.pcapng
    $net = New-TcpNetwork
    Add-TcpImpairment -Drop -DataOnly -From client -Count 3 | Out-Null
    New-TcpConnection | Send-TcpData ('x' * 4000) -PassThru | Close-TcpConnection
    Step-TcpNetwork -Idle
    Export-TcpCapture $path
}

Describe 'Limits of captures' {
    It 'lists so many segments with a remark as -MaximumListed says, and tells of the others' {
        $all = Import-TcpCapture $path
        $all.Client.FlaggedSegments.Count | Should -BeGreaterThan 1
        $few = Import-TcpCapture $path -MaximumListed 1 -WarningVariable warned -WarningAction SilentlyContinue
        $few.Client.FlaggedSegments.Count | Should -Be 1
        $few.Client.UnlistedSegments | Should -Be ($all.Client.FlaggedSegments.Count - 1)
        "$($few.Client.Analysis)" | Should -Be "$($all.Client.Analysis)"
        $warned | Should -Match '-MaximumListed'
    }

    It 'lists no more segments with a remark than -MaximumListedTotal allows, and tells of the others' {
        $none = Import-TcpCapture $path -MaximumListedTotal 0 -WarningVariable warned -WarningAction SilentlyContinue
        $none.Client.FlaggedSegments.Count + $none.Client.UnlistedSegments | Should -Be (Import-TcpCapture $path).Client.FlaggedSegments.Count
        $warned | Should -Match '-MaximumListedTotal'
    }

    It 'keeps so many changes of state as -MaximumStateChanges says, and tells of the others' {
        $few = Import-TcpCapture $path -MaximumStateChanges 2 -WarningVariable warned -WarningAction SilentlyContinue
        $few.StateChanges.Count | Should -Be 2
        $few.DroppedStateChanges | Should -BeGreaterThan 2
        $warned | Should -Match '-MaximumStateChanges'
    }

    It 'says of segments that conversations came out before their end' {
        $net = New-TcpNetwork
        $open = Join-Path $TestDrive open.pcapng
        1..3 | ForEach-Object { New-TcpConnection } | Send-TcpData 'hello'
        Export-TcpCapture $open
        Import-TcpCapture $open -As Segment -MaximumOpen 1 -WarningVariable warned -WarningAction SilentlyContinue | Should -Not -BeNullOrEmpty
        $warned | Should -Match '-MaximumOpen'
    }

    It 'lets a closed conversation go after -QuietTime' {
        $net = New-TcpNetwork
        $late = Join-Path $TestDrive late.pcapng
        1..2 | ForEach-Object { New-TcpConnection | Send-TcpData 'hello' -PassThru | Close-TcpConnection; Step-TcpNetwork -For 20s }
        Export-TcpCapture $late
        @(Import-TcpCapture $late -QuietTime 1s).Count | Should -Be 2
        @(Import-TcpCapture $late -MaximumFragmentBytes 0).Count | Should -Be 2
    }

    It 'does not say that octets are missing in the capture where nobody waited for them' {
        # The server does not see the first segment of the data: what follows it waits until it is sent again.
        $net = New-TcpNetwork
        $path = Join-Path $TestDrive server.pcapng
        Add-TcpImpairment -Drop -DataOnly -From client -Count 1 | Out-Null
        New-TcpConnection | Send-TcpData ('x' * 4000) -PassThru | Close-TcpConnection
        Step-TcpNetwork -Idle
        Export-TcpCapture $path -HostName server
        $waiting = Import-TcpCapture $path | Export-TcpStream -As Text -Side Client -MaximumWaiting 0 -WarningVariable warned -WarningAction SilentlyContinue
        $whole = Import-TcpCapture $path | Export-TcpStream -As Text -Side Client -WarningVariable none -WarningAction SilentlyContinue
        $whole | Should -Be ('x' * 4000)
        $none | Should -BeNullOrEmpty
        "$waiting" | Should -Match '\[\d+ bytes not waited for\]'
        $warned | Should -Match '-MaximumWaiting'
    }

    It 'counts retransmissions as Measure-TcpConversation does' {
        $conversation = Import-TcpCapture $path
        $conversation.Retransmissions | Should -BeGreaterThan 0
        $conversation.Retransmissions | Should -Be ($conversation | Measure-TcpConversation).Retransmissions
        $conversation.Retransmissions | Should -Be ($conversation.Client.Analysis.Retransmissions + $conversation.Server.Analysis.Retransmissions)
    }

    It 'says null of checksums where nobody asked' {
        (Import-TcpCapture $path).BadChecksums | Should -BeNullOrEmpty
        (Import-TcpCapture $path -VerifyChecksum).BadChecksums | Should -Be 0
    }

    It 'names two of many captures' {
        $many = New-Item -ItemType Directory (Join-Path $TestDrive many)
        1..12 | ForEach-Object { Copy-Item $path (Join-Path $many ('{0:d2}.pcapng' -f $_)) }
        Import-TcpCapture (Join-Path $many *.pcapng) -Merge -MaximumStateChanges 1 -WarningVariable warned -WarningAction SilentlyContinue | Out-Null
        "$warned" | Should -BeLike "*'01.pcapng, 02.pcapng and 10 more'*"
    }
}
