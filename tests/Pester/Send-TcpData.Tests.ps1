BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Send-TcpData and Receive-TcpData' {
    BeforeEach { $net = New-TcpNetwork; $c = New-TcpConnection }

    It 'sends <Kind>' -ForEach @(
        @{ Kind = 'text as UTF-8'; Data = "gr`u{fc}n"; Octets = 5 }
        @{ Kind = 'octets'; Data = [byte[]] (1, 2, 3); Octets = 3 }
        @{ Kind = 'an array of numbers'; Data = 1, 2, 255; Octets = 3 }
        @{ Kind = 'one octet'; Data = 7; Octets = 1 }
        @{ Kind = 'lines'; Data = 'a', 'b'; Octets = 3 }
        @{ Kind = 'nothing'; Data = ''; Octets = 0 }
    ) {
        $c | Send-TcpData $Data
        $c.Sent | Should -Be $Octets
    }

    It 'refuses what is no data' {
        { $c | Send-TcpData @{ a = 1 } } | Should -Throw '*text or octets*'
    }

    It 'gives octets as one array, unchanged, whatever their number' {
        $data = [byte[]]::new(100000)
        [System.Random]::new(1).NextBytes($data)
        $c | Send-TcpData $data
        $got = $c | Receive-TcpData -Count 100000
        $got.GetType().Name | Should -Be 'Byte[]'
        [System.Convert]::ToBase64String($got) | Should -Be ([System.Convert]::ToBase64String($data))
    }

    It 'sends more than the send buffer holds' {
        $small = New-TcpConnection -Option @{ SendBufferSize = 1000 }
        $small | Send-TcpData ([byte[]]::new(20000))
        $small.Sent | Should -Be 20000
    }

    It 'says how much was taken when the buffer is full and time stands still' {
        $small = New-TcpConnection -Option @{ SendBufferSize = 1000 }
        $small | Send-TcpData ([byte[]]::new(5000)) -NoWait -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'SendBufferFull,TcpShell.Commands.SendTcpDataCommand'
        $failed[0].Exception.Message | Should -Match '1000 of 5000'
        Step-TcpNetwork -For 10s
        $small.Sent | Should -Be 1000
    }

    It 'gives nothing at the end of the stream' {
        $c | Close-TcpConnection
        $c | Receive-TcpData -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
    }

    It 'receives what is left after a half-close (P43)' {
        $c | Send-TcpData 'last words' -NoWait
        $c | Close-TcpConnection -HalfClose
        $c | Receive-TcpData -ToEnd -AsText | Should -Be 'last words'
    }

    It 'says so where the end of the stream does not come in time' {
        $c | Send-TcpData 'and then'
        $c | Receive-TcpData -ToEnd -AsText -Timeout 1s -ErrorAction SilentlyContinue -ErrorVariable failed | Should -Be 'and then'
        $failed[0].FullyQualifiedErrorId | Should -Be 'NothingReceived,TcpShell.Commands.ReceiveTcpDataCommand'
        $failed[0].Exception.Message | Should -Match '8 octets .* not closed'
    }

    It 'receives what came before a RST ended TIME-WAIT' {
        New-TcpListener 9 -Application Manual | Out-Null
        $near = New-TcpConnection server:9
        Step-TcpNetwork -For 1s
        $far = Get-TcpConnection -HostName server -Port 9 -State Established
        $near | Close-TcpConnection -HalfClose
        $far | Send-TcpData 'all of it'
        $far | Close-TcpConnection
        $near.State | Should -Be 'TimeWait'
        Send-TcpSegment -From $far.Local -To $near.Local -Flags RST -SequenceNumber $near.RcvNxt.Value
        $near.State | Should -Be 'Closed'
        $near | Receive-TcpData -ToEnd -AsText | Should -Be 'all of it'
    }

    It 'warns when the peer does not read: the window is closed (P34)' {
        New-TcpListener 9 -Application Manual -Option @{ ReceiveBufferSize = 4096 } | Out-Null
        $slow = New-TcpConnection server:9
        $slow | Send-TcpData ([byte[]]::new(10000)) -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -Match 'not acknowledged yet'
        $slow.SndWnd | Should -Be 0
        $server = Get-TcpConnection -HostName server -Port 9 -State Established
        ($server | Receive-TcpData -Count 10000).Length | Should -Be 10000
        Step-TcpNetwork -For 1s
        $slow.SendQueue | Should -Be 0
    }

    It 'makes a listening connection active (P12)' {
        New-TcpHost third | Out-Null
        $listener = New-TcpListener 5000 -HostName client -Application Manual
        $listener.Control | Send-TcpData 'hello' -To server:80
        $listener.Control.State | Should -Be 'Established'
        $listener.Control.Local.Port | Should -Be 5000
        $listener.Control | Receive-TcpData -AsText | Should -Be 'hello'
    }
}
