BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $modulePath -Force # Pester is loaded by now
    $pass = Join-Path $TestDrive pass.pkt
    $fail = Join-Path $TestDrive fail.pkt
    Set-Content $pass '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3'
    Set-Content $fail '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3', '+0 listen(3, 5) = 0'
}

Describe 'Should -PassTcpScript' {
    It 'takes what Invoke-TcpScript gives' {
        Get-Item $pass, $pass | Invoke-TcpScript | Should -PassTcpScript
        Invoke-TcpScript $fail | Should -Not -PassTcpScript
    }

    It 'says file, line, what was expected and what came' {
        $failed = { Invoke-TcpScript $pass, $fail | Should -PassTcpScript -Because 'they did before' } | Should -Throw -PassThru
        $failed.Exception.Message | Should -Match ([regex]::Escape('Expected 2 scripts to pass, because they did before, but 1 did not:'))
        $failed.Exception.Message | Should -Match 'fail\.pkt:2: .*\n *expected listen\(3, 5\) = 0\n *but got +listen\(\.\.\.\) = -1 EDESTADDRREQ'
    }

    It 'fails where one of several is no script, or is not there' {
        $broken = Join-Path $TestDrive badsum.pkt
        Set-Content $broken '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3', '+0 > P. 1:10(3) ack 1'
        { Get-Item $pass, $broken | Invoke-TcpScript -ErrorAction SilentlyContinue | Should -PassTcpScript } | Should -Throw '*2 scripts to pass, but 1 did not:*Invalid *badsum.pkt:2: *'
        { $pass, "$TestDrive/none.pkt" | Invoke-TcpScript -ErrorAction SilentlyContinue | Should -PassTcpScript } | Should -Throw '*1 did not:*Invalid *none.pkt: *'
    }

    It 'fails where no script was run, or where one passes that should not' {
        { @() | Should -PassTcpScript } | Should -Throw '*no script was run*'
        { Invoke-TcpScript $pass | Should -Not -PassTcpScript } | Should -Throw '*not to pass, but it did:*pass.pkt'
        { 'x.pkt' | Should -PassTcpScript } | Should -Throw '*takes results of Invoke-TcpScript*'
    }
}

Describe 'Should -BeTcpState' {
    BeforeAll {
        New-TcpNetwork | Out-Null
        $connection = New-TcpConnection
    }

    It 'compares the state, however it is spelled' {
        $connection | Should -BeTcpState Established
        $connection | Should -BeTcpState ESTAB
        $connection | Should -Not -BeTcpState SYN_SENT
    }

    It 'tells the state that it is' {
        { $connection | Should -BeTcpState CLOSE-WAIT } | Should -Throw 'Expected CloseWait, but: * is Established'
        { $null | Should -BeTcpState Closed } | Should -Throw '*there is no connection*'
        { $connection | Should -BeTcpState Open } | Should -Throw "*'Open' is no state*"
    }
}

Describe 'Should -ContainTcpSegment' {
    BeforeAll {
        New-TcpNetwork | Out-Null
        New-TcpConnection | Send-TcpData 'hello'
    }

    It 'finds a segment by control bits, numbers and length' {
        Get-TcpSegment | Should -ContainTcpSegment 'SYN,ACK' -AcknowledgmentNumber 1 -Relative
        Get-TcpSegment | Should -ContainTcpSegment ACK -SequenceNumber 1 -Length 5 -Relative
        Get-TcpSegment | Should -Not -ContainTcpSegment RST
    }

    It 'shows the segments that there are' {
        { Get-TcpSegment | Should -ContainTcpSegment RST -SequenceNumber 7 } | Should -Throw '*segment with control bits RST, sequence number 7, but among * there is none:*SYN*'
        { Get-TcpSegment | Should -Not -ContainTcpSegment SYN } | Should -Throw '*no segment with control bits SYN, but there is:*SYN*'
        { @() | Should -ContainTcpSegment SYN } | Should -Throw '*there are no segments*'
    }
}

Describe 'TcpShell imported before Pester' {
    It 'has its operators for <_>' -ForEach @(
        'Invoke-TcpScript $pass | Should -PassTcpScript'
        '$result = Invoke-TcpScript $pass; $result | Should -PassTcpScript'
        'New-TcpConnection | Should -BeTcpState Established'
        'New-TcpConnection | Out-Null; Get-TcpSegment | Should -ContainTcpSegment SYN'
    ) {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("param(`$module, `$pass) Import-Module `$module; New-TcpNetwork | Out-Null; Import-Module Pester -MinimumVersion 5.0; $_; 'done'")
            $shell.AddArgument($modulePath).AddArgument($pass).Invoke() | Select-Object -Last 1 | Should -Be 'done'
            $shell.Streams.Error | Should -BeNullOrEmpty
        } finally {
            $shell.Dispose()
        }
    }
}

Describe 'TcpShell without Pester' {
    It 'is imported as well' {
        $shell = [powershell]::Create()
        try {
            $shell.AddScript('param($path) Import-Module $path -ErrorAction Stop; (Get-Command -Module TcpShell).Count').AddArgument($modulePath).Invoke()[0] |
                Should -BeGreaterThan 10
            $shell.Streams.Error | Should -BeNullOrEmpty
        } finally {
            $shell.Dispose()
        }
    }
}
