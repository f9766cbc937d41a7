BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Get-TcpTransition' {
    It 'gives the whole table without parameters' {
        @(Get-TcpTransition).Count | Should -Be ([TcpShell.Tcp.TcpTransitions]::All.Count)
    }

    It 'gives the edges that leave a state' {
        Get-TcpTransition -From CloseWait | ForEach-Object From | Sort-Object -Unique | Should -Be 'CloseWait'
        (Get-TcpTransition CloseWait -Event Close).To | Should -Be 'LastAck'
    }

    It 'gives the three ways into TIME-WAIT, in any spelling: <_>' -ForEach 'TimeWait', 'TIME-WAIT', 'TIME_WAIT', 'time wait' {
        (Get-TcpTransition -To $_).From | Should -Be 'FinWait1', 'FinWait2', 'Closing'
    }

    It 'takes several states and events' {
        (Get-TcpTransition -From SYN_SENT, SYN_RECV -To ESTABLISHED).Event | Should -Be 'SynAckArrives', 'AckOfSynArrives'
        (Get-TcpTransition Listen -Event SynArrives, Close).To | Should -Be 'SynReceived', 'Closed' -Because 'the order is the table''s'
    }

    It 'gives nothing where there is no edge' {
        Get-TcpTransition -From TimeWait -To Established | Should -BeNullOrEmpty
    }

    It 'tells for each edge what is done, which rule asks for it, and why' {
        foreach ($edge in Get-TcpTransition) {
            $edge.Action | Should -Not -BeNullOrEmpty
            $edge.Rfc | Should -Match '^(9293 3\.\d+|6191 2|793 3\.9|none)'
            $edge.Explanation | Should -Match '^[A-Z].+\.$'
        }
    }

    It 'takes the state of what is piped in, as a property of any spelling' {
        $edges = [pscustomobject]@{ State = 'CLOSE_WAIT' }, [pscustomobject]@{ State = 'LAST-ACK' } | Get-TcpTransition -Event Close, AckOfFinArrives
        $edges.From | Should -Be 'CloseWait', 'LastAck'
    }

    It 'explains the changes of a connection that are piped in' {
        $changes = New-TcpConnection | Close-TcpConnection -PassThru | Watch-TcpState
        $edges = @($changes | Get-TcpTransition)
        $edges.Count | Should -Be @($changes).Count
        $edges.Explanation | Should -Be $changes.Explanation
    }

    It 'refuses a state that does not exist and names those that do' {
        $failed = { Get-TcpTransition -From Open } | Should -Throw -PassThru
        $failed.FullyQualifiedErrorId | Should -Be 'ParameterArgumentTransformationError,TcpShell.Commands.GetTcpTransitionCommand'
        $failed.Exception.Message | Should -Match "'Open' is not a state.*SynReceived"
    }

    It 'ends with -First' {
        @(Get-TcpTransition | Select-Object -First 3).Count | Should -Be 3
    }

    It 'completes <Text>' -ForEach @(
        @{ Text = 'Get-TcpTransition -From Syn'; Offer = 'SynReceived', 'SynSent' }
        @{ Text = 'Get-TcpTransition -To Established, Fin'; Offer = 'FinWait1', 'FinWait2' }
        @{ Text = 'Get-TcpTransition -Event Ack'; Offer = 'AckOfFinArrives', 'AckOfSynArrives' }
    ) {
        (TabExpansion2 $Text).CompletionMatches.CompletionText | Should -Be $Offer
    }

    It 'shows a table of 80 columns' {
        $lines = (Get-TcpTransition SynSent -Event SynAckArrives, RstArrives | Out-String -Width 80).Trim() -split '\r?\n' | ForEach-Object TrimEnd
        $lines | Should -Be @(
            'From        Event                 To          Action               Rfc'
            '----        -----                 --          ------               ---'
            'SynSent     SynAckArrives         Established send ACK             9293 3.10.7.3'
            "SynSent     RstArrives            Closed      tell the user: refu$([char] 0x2026) 9293 3.10.7.3"
        )
    }
}
