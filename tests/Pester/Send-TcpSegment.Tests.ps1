BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Send-TcpSegment' {
    BeforeEach { $net = New-TcpNetwork; $c = New-TcpConnection; Step-TcpNetwork }

    It 'forges a RST that is <What> (P16)' -ForEach @(
        @{ What = 'exact: it resets'; Number = 1; State = 'Closed'; Fate = 'Accepted' }
        @{ What = 'inside of the window: it is challenged'; Number = 1000; State = 'Established'; Fate = 'Challenged' }
        @{ What = 'outside: it is dropped'; Number = 4000000000; State = 'Established'; Fate = 'Dropped' }
    ) {
        $server = Get-TcpConnection -HostName server -State Established
        $sent = $c | Send-TcpSegment -Flags RST -Relative -SequenceNumber $Number -PassThru
        $sent.Verdict.Fate | Should -Be $Fate
        $server.State | Should -Be $State
    }

    It 'takes the numbers of the connection by default' {
        $sent = $c | Send-TcpSegment -Payload 'forged' -Flags PSH, ACK -PassThru
        $sent.RelativeSequenceNumber | Should -Be 1
        $sent.RelativeAcknowledgmentNumber | Should -Be 1
        $sent.Length | Should -Be 6
        (Get-TcpConnection -HostName server -State Established).Received | Should -Be 6
    }

    It 'sets every field of the header (P61)' {
        $sent = Send-TcpSegment -From 10.0.0.9:4444 -To server:80 -Flags URG, PSH, CWR -SequenceNumber 4294967295 -AcknowledgmentNumber 7 -Window 99 `
            -UrgentPointer 3 -ReservedBits 5 -Option 2, 4, 1, 0 -Ttl 3 -Payload 'x' -PassThru
        $sent.SequenceNumber | Should -Be 4294967295
        $sent.AcknowledgmentNumber | Should -Be 7
        $sent.Window | Should -Be 99
        $sent.UrgentPointer | Should -Be 3
        $sent.Flags | Should -Be 'PSH, URG, CWR'
        $sent.Ttl | Should -Be 3
        $sent.TcpOptions.MaximumSegmentSize | Should -Be 256
        ($sent.Dissect() | Where-Object Name -EQ Reserved).Value | Should -Be 5
        $sent.ChecksumValid | Should -BeTrue
    }

    It 'lies about <Field> on demand (P53)' -ForEach @(
        @{ Field = 'the checksum'; Values = @{ Checksum = 1 }; Text = 'checksum' }
        @{ Field = 'the data offset'; Values = @{ DataOffset = 3 }; Text = 'header length' }
    ) {
        $sent = Send-TcpSegment -From 10.0.0.9:4444 -To server:80 -Flags SYN @Values -PassThru
        $sent.Verdict.Fate | Should -Be 'Dropped'
        $sent.Verdict.Text | Should -Match $Text
    }

    It 'is answered as the RFC says: <Name>' -ForEach @(
        @{ Name = 'a SYN to nobody'; Flags = 'SYN'; Port = 81; Answer = 'RST, ACK' }
        @{ Name = 'an ACK to nobody'; Flags = 'ACK'; Port = 81; Answer = 'RST' }
        @{ Name = 'a SYN to a listener'; Flags = 'SYN'; Port = 80; Answer = 'SYN, ACK' }
        @{ Name = 'an ACK to a listener'; Flags = 'ACK'; Port = 80; Answer = 'RST' }
    ) {
        Send-TcpSegment -From 10.0.0.9:4444 -To "server:$Port" -Flags $Flags
        $reply = Get-TcpSegment | Select-Object -Last 1
        $reply.From | Should -Be 'server'
        $reply.Flags.ToString() | Should -Be $Answer
    }

    It 'is listed with relative or with raw numbers (P06)' {
        (Get-TcpSegment -Flags SYN).Info | Should -Match 'Seq=0 '
        (Get-TcpSegment -Flags SYN -Absolute).Info | Should -Match "Seq=$($c.Iss) "
    }

    It 'refuses addresses of two families, and more options than fit' {
        Send-TcpSegment -From '[fd00::1]:1' -To server:80 -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'SegmentNotPossible,TcpShell.Commands.SendTcpSegmentCommand'
        Send-TcpSegment -From 10.0.0.9:1 -To server:80 -Option ([byte[]]::new(41)) -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'SegmentNotPossible,TcpShell.Commands.SendTcpSegmentCommand'
    }
}
