param([string] $Script)

BeforeAll {
    if ($Script) { . (Join-Path $PSScriptRoot $Script) }
    $segments = @(Get-TcpSegment)
    $lost = @($segments | Where-Object Fate -EQ Lost)
    $client = Get-TcpConnection -HostName client | Where-Object Role -EQ Client
}

Describe 'A lost SYN,ACK' {
    It 'is the first SYN,ACK that is lost' {
        $firstSynAck = $segments | Where-Object { $_.Flags -eq 'SYN, ACK' } | Select-Object -First 1
        $firstSynAck | Should -Not -BeNullOrEmpty
        $firstSynAck.Fate | Should -Be 'Lost'
    }

    It 'is the only segment that is lost' {
        $lost.Count | Should -Be 1
    }

    It 'does not keep the connection from opening' {
        $client.State | Should -Be 'Established'
    }

    It 'costs one retransmission timeout: the client is established after 1.02 s' {
        $openedAt | Should -Be 1.02
    }

    It 'is answered by a second SYN (P21)' {
        $synCount | Should -Be 2
    }

    It 'leaves the client with a retransmission timeout of 3 s when data starts (P23)' {
        $rtoWithData | Should -Be 3
    }
}
