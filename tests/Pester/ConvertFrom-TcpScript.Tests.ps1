BeforeAll {
    . $PSScriptRoot/Common.ps1
    $text = @'
--tolerance_usecs=10000
0    socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0   > S 0:0(0) <mss MSS,sackOK,TS val 100 ecr 0,nop,wscale 7>
+.1  < S. 0:0(0) ack 1 win 5840 <mss 1460> // the answer
1~2  > . 1:1(0) ack 1
+0   %{ assert tcpi_state == 1 }%
+0   `true`
+0   close(3) = 0
'@
    $lines = $text -split "`n"
}

Describe 'ConvertFrom-TcpScript' {
    It 'gives one object for each event, with kind, line, time and text' {
        $events = $lines | ConvertFrom-TcpScript -Define @{ MSS = 1460 }
        $events.Kind | Should -Be 'SystemCall', 'OutboundPacket', 'InboundPacket', 'OutboundPacket', 'Code', 'Command', 'SystemCall'
        $events.Line | Should -Be (2..8)
        $events[2].Time.Start.TotalMilliseconds | Should -Be 100
        $events[1].Options.Count | Should -Be 5
        "$($events[2])" | Should -Be '+0.1 < S. 0:0(0) ack 1 win 5840 <mss 1460>'
    }

    It 'takes a text whole, in lines, or by the pipeline' {
        $define = @{ MSS = 1460 }
        @(ConvertFrom-TcpScript $text -Define $define).Count | Should -Be 7
        @(ConvertFrom-TcpScript -InputObject $lines -Define $define).Count | Should -Be 7
        @($text | ConvertFrom-TcpScript -Define $define).Count | Should -Be 7
    }

    It 'takes files by name, with wildcards, from Get-ChildItem and from Get-Content' {
        $path = Join-Path $TestDrive 'a.pkt'
        Set-Content $path $text
        Set-Content (Join-Path $TestDrive 'b.pkt') $text
        $define = @{ MSS = 1460 }
        @(ConvertFrom-TcpScript -Path (Join-Path $TestDrive *.pkt) -Define $define).Count | Should -Be 14
        @(Get-ChildItem $path | ConvertFrom-TcpScript -Define $define).Count | Should -Be 7
        @(Get-Content $path | ConvertFrom-TcpScript -Define $define).Count | Should -Be 7
    }

    It 'gives the script itself with -As Script, which is a script again as text' {
        $script = $text | ConvertFrom-TcpScript -Define @{ MSS = 1460 } -As Script
        $script.FindOption('tolerance_usecs') | Should -Be 10000
        $again = "$script" | ConvertFrom-TcpScript -As Script
        "$again" | Should -Be "$script"
    }

    It 'says where a text is no script, and goes on with the next file' {
        $wrong = Join-Path $TestDrive 'wrong.pkt'
        $right = Join-Path $TestDrive 'right.pkt'
        Set-Content $wrong "0 close(3) = 0`n+0 > SX 0:0(0)"
        Set-Content $right '0 close(3) = 0'
        $events = @(ConvertFrom-TcpScript -Path $wrong, $right -ErrorAction SilentlyContinue -ErrorVariable failed)
        $events.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'ScriptNotUnderstood,TcpShell.Commands.ConvertFromTcpScriptCommand'
        $failed[0].Exception.Message | Should -Match 'wrong\.pkt:2:6: expected control bits'
        $failed[0].Exception.Line | Should -Be 2
    }

    It 'tells of <Id>' -ForEach @(
        @{ Id = 'PathNotFound'; Call = { ConvertFrom-TcpScript -Path ./no-such-file.pkt -ErrorAction Stop } }
        @{ Id = 'PathIsFolder'; Call = { ConvertFrom-TcpScript -LiteralPath $TestDrive -ErrorAction Stop } }
        @{ Id = 'PathNotFileSystem'; Call = { ConvertFrom-TcpScript -Path env:PATH -ErrorAction Stop } }
    ) {
        $failed = $Call | Should -Throw -PassThru
        $failed.FullyQualifiedErrorId | Should -Be "$Id,TcpShell.Commands.ConvertFromTcpScriptCommand"
    }

    It 'shows a table of events, and one of scripts' {
        $shown = ('0 close(3) = 0', '+0.1 > R. 1:1(0) ack 1' | ConvertFrom-TcpScript | Out-String -Width 80).Trim() -split '\r?\n' | ForEach-Object TrimEnd
        $shown | Should -Be @(
            'Line Time       Kind           Event'
            ' ---- ----       ----           -----'
            '    1 0          SystemCall     close(3) = 0'
            '    2 +0.1       OutboundPacket > R. 1:1(0) ack 1'
        )
        $shown = ('--mtu=1500', '0 close(3) = 0' | ConvertFrom-TcpScript -As Script | Out-String -Width 80).Trim() -split '\r?\n' | ForEach-Object TrimEnd
        $shown | Should -Be @(
            'Events Options    Path'
            '------ -------    ----'
            '     1 --mtu=1500'
        )
    }
}
