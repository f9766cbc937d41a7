param([string] $Script)

BeforeAll {
    if ($Script) { . (Join-Path $PSScriptRoot $Script) }
}

Describe 'Why three segments' {
    It 'finds nothing wrong with three segments, in some thousand states (P13)' {
        $three.Verdict | Should -Be 'Holds'
        $three.Faults | Should -Be 2
        $three.States | Should -BeGreaterThan 1000
    }

    It 'finds the ghost of two segments by a single step (P14)' {
        $two.Verdict | Should -Be 'Violated'
        $two.Counterexample.Property | Should -Be 'NoGhost'
        $two.Counterexample.Steps.Count | Should -Be 1
    }

    It 'goes on from the counterexample until nothing is left to happen' {
        $ghost | Should -Not -BeNullOrEmpty
        $ghost.NextEvent | Should -BeNullOrEmpty
        (Get-TcpConnection -Network $ghost -State Established).Host | Should -Be 'server' -Because 'the client has no connection'
    }

    It 'knows how many ends a network has that does nothing bad' {
        $ends | Should -Be 1
    }
}
