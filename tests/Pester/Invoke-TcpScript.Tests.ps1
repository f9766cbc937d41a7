BeforeAll {
    . $PSScriptRoot/Common.ps1
    $syn = @'
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale SHIFT>
+1 > S 0:0(0) <mss 1460,sackOK,TS val 1100 ecr 0,nop,wscale SHIFT>
'@
    $folder = Join-Path $TestDrive scripts
    New-Item -ItemType Directory -Path (Join-Path $folder sub) | Out-Null
    Set-Content (Join-Path $folder 'a-pass.pkt') ($syn -replace 'SHIFT', '8')
    Set-Content (Join-Path $folder 'b-fail.pkt') ($syn -replace 'SHIFT', '7')
    Set-Content (Join-Path $folder 'sub/c-unsupported.pkt') '0 cap_set(5) = 0'
    Set-Content (Join-Path $folder 'd-define.pkt') $syn
    Set-Content (Join-Path $folder 'other.txt') 'no script'
    $long = Join-Path $TestDrive long.pkt
    Set-Content $long (@('0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3', '+0 bind(3, ..., ...) = 0', '+0 listen(3, 1) = 0') + @('+0 < . 1:1(0) ack 1 win 1000') * 20000 + '+0 close(3) = 1')
}

Describe 'Invoke-TcpScript' {
    It 'gives a verdict for each script of a folder, in the order of their names' {
        $results = Invoke-TcpScript $folder -Define @{ SHIFT = 8 }
        $results.Verdict | Should -Be 'Pass', 'Fail', 'Pass', 'Unsupported'
        $results.Path | Split-Path -Leaf | Should -Be 'a-pass.pkt', 'b-fail.pkt', 'd-define.pkt', 'c-unsupported.pkt'
        $results[3].Reason | Should -Be 'the system call cap_set is not supported.'
    }

    It 'says of a failure where it is, what was expected and what came' {
        $result = Invoke-TcpScript (Join-Path $folder b-fail.pkt)
        $result.Line | Should -Be 4
        $result.Reason | Should -Be 'In the packet option 5 is wscale 8, not wscale 7.'
        $result.Expected | Should -Be '> S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>'
        $result.Actual | Should -Match '^> S 0:0\(0\) win \d+ <mss 1460,.*wscale 8> at 0\.000000$'
        "$result" | Should -Match 'b-fail\.pkt:4: .*\n  expected > S .*\n  but got  > S '
    }

    It 'takes files from the pipeline, by wildcard and by literal path' {
        (Get-ChildItem $folder -Filter a*.pkt | Invoke-TcpScript).Verdict | Should -Be 'Pass'
        (Join-Path $folder a*.pkt | Invoke-TcpScript).Verdict | Should -Be 'Pass'
        (Invoke-TcpScript -LiteralPath (Join-Path $folder a-pass.pkt) -ThrottleLimit 1).Verdict | Should -Be 'Pass'
    }

    It 'keeps the packets with -Trace, for tables, diagrams and captures' {
        $result = Invoke-TcpScript (Join-Path $folder a-pass.pkt) -Trace
        $result.Segments.Flags | Should -Be 'SYN', 'SYN'
        $result.Segments | ConvertTo-TcpDiagram | Should -Match 'SYN'
        (Invoke-TcpScript (Join-Path $folder a-pass.pkt)).Segments | Should -BeNullOrEmpty
    }

    It 'takes a profile by name or from a file' {
        $path = Join-Path $TestDrive mine.json
        Set-Content $path '{ "Name": "mine", "Settings": { "ReceiveBufferSize": 5000000 } }'
        (Invoke-TcpScript (Join-Path $folder b-fail.pkt) -Profile $path).Verdict | Should -Be 'Pass' -Because 'a smaller buffer needs a shift of 7'
        (Invoke-TcpScript (Join-Path $folder a-pass.pkt) -Profile rfc).Verdict | Should -Be 'Fail'
        (TabExpansion2 'Invoke-TcpScript x -Profile li').CompletionMatches.CompletionText | Should -Be 'linux'
    }

    It 'makes a failure an error with -ErrorOnFail, and only a failure' {
        $results = Invoke-TcpScript $folder -Define @{ SHIFT = 8 } -ErrorOnFail -ErrorAction SilentlyContinue -ErrorVariable failed
        $results.Count | Should -Be 4
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'ScriptFailed,TcpShell.Commands.InvokeTcpScriptCommand'
        $failed[0].TargetObject.Line | Should -Be 4
    }

    It 'tells of <Id>' -ForEach @(
        @{ Id = 'PathNotFound'; Call = { Invoke-TcpScript ./no-such.pkt -ErrorAction Stop } }
        @{ Id = 'ScriptNotUnderstood'; Call = { Invoke-TcpScript (Join-Path $folder other.txt) -ErrorAction Stop } }
        @{ Id = 'PathNotFound'; Call = { Invoke-TcpScript -LiteralPath ./no-such.pkt -ErrorAction Stop } }
        @{ Id = 'PathNotFound'; Call = { Invoke-TcpScript (Join-Path $folder none*.pkt) -ErrorOnFail -ErrorAction Stop } }
        @{ Id = 'NothingInFolder'; Call = { Invoke-TcpScript (New-Item (Join-Path $TestDrive empty) -ItemType Directory -Force) -ErrorOnFail -ErrorAction Stop } }
        @{ Id = 'DefinitionNotUsable'; Call = { Invoke-TcpScript $folder -Define @{ SHIFT = 7, 8 } } }
        @{ Id = 'DefinitionNotUsable'; Call = { Invoke-TcpScript $folder -Define @{ SHIFT = $null } } }
        @{ Id = 'DefinitionNotUsable'; Call = { Invoke-TcpScript $folder -Define @{ ack = 1 } } }
        @{ Id = 'DefinitionNotUsable'; Call = { Invoke-TcpScript $folder -Define @{ 'A B' = 1 } } }
        @{ Id = 'DefinitionNotUsable'; Call = { Invoke-TcpScript $folder -Define @{ 80 = 1 } } }
        @{ Id = 'ProfileNotFound'; Call = { Invoke-TcpScript (Join-Path $folder a-pass.pkt) -Profile solaris } }
        @{ Id = 'ProfileNotUnderstood'; Call = { Invoke-TcpScript (Join-Path $folder a-pass.pkt) -Profile (Join-Path $folder other.txt) } }
    ) {
        $failed = $Call | Should -Throw -PassThru
        $failed.FullyQualifiedErrorId | Should -Be "$Id,TcpShell.Commands.InvokeTcpScriptCommand"
    }

    It 'names the file of a profile that is none, and recommends -Define only where a word may be meant' {
        $failed = { Invoke-TcpScript $folder -Profile (Join-Path $folder other.txt) } | Should -Throw -PassThru
        $failed.Exception.Message | Should -BeLike '*other.txt: This is no profile*'
        Invoke-TcpScript (Join-Path $folder d-define.pkt) -ErrorAction SilentlyContinue -ErrorVariable open
        $open.ErrorDetails.RecommendedAction | Should -BeLike '*-Define @{ SHIFT = value }*'
        Set-Content (Join-Path $TestDrive broken.pkt) '0 close(3 = 0'
        Invoke-TcpScript (Join-Path $TestDrive broken.pkt) -ErrorAction SilentlyContinue -ErrorVariable broken
        $broken.ErrorDetails.RecommendedAction | Should -Not -BeLike '*-Define*'
    }

    It 'tells of a file that is too long without a wrong length' {
        $path = Join-Path $TestDrive too-long.pkt
        [System.IO.File]::WriteAllText($path, [string]::new(' ', 3MB))
        Invoke-TcpScript $path -ErrorAction SilentlyContinue -ErrorVariable long
        "$long" | Should -BeLike '*at most 1048576 characters, and this one has more.'
    }

    It 'gives one result for each script that was asked for, in their order: an Invalid one where there is none to run' {
        $broken = Join-Path $TestDrive badsum.pkt
        Set-Content $broken '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3', '+0 > P. 1:10(3) ack 1'
        $pass = Join-Path $folder a-pass.pkt
        $missing = Join-Path $TestDrive no-such.pkt
        $results = Invoke-TcpScript $broken, $pass, $missing, (Join-Path $TestDrive none*.pkt), $pass -ErrorAction SilentlyContinue -ErrorVariable told
        $results.Verdict | Should -Be 'Invalid', 'Pass', 'Invalid', 'Invalid', 'Pass'
        $results.Path | Should -Be $broken, $pass, $missing, (Join-Path $TestDrive none*.pkt), $pass
        $told.FullyQualifiedErrorId -replace ',.*' | Should -Be 'ScriptNotUnderstood', 'PathNotFound', 'PathNotFound'
        $results[0].Line | Should -Be 2
        $results[0].Reason | Should -BeLike 'Column *: *'
        "$($results[0])" | Should -BeLike 'Invalid *badsum.pkt:2: Column *'
        "$($results[2])" | Should -BeLike 'Invalid *no-such.pkt: *'
        $results[2].Segments | Should -BeNullOrEmpty
        (Invoke-TcpScript -LiteralPath $missing -ErrorAction SilentlyContinue).Verdict | Should -Be 'Invalid'
    }

    It 'runs the rest of a folder of which a part cannot be read, and says so' -Skip:(-not $IsLinux -or (id -u) -eq 0) {
        $locked = New-Item (Join-Path $TestDrive tree/locked) -ItemType Directory -Force
        Copy-Item (Join-Path $folder a-pass.pkt) (Join-Path $TestDrive tree)
        chmod 0 $locked
        try {
            $results = Invoke-TcpScript (Join-Path $TestDrive tree) -ErrorAction SilentlyContinue -ErrorVariable told
            $results.Verdict | Should -Be 'Invalid', 'Pass'
            $results[0].Path | Should -Be $locked.FullName
            $told.FullyQualifiedErrorId -replace ',.*' | Should -Be 'FileNotReadable'
        } finally {
            chmod 700 $locked
        }
    }

    It 'does not follow links that lead back' -Skip:$IsWindows {
        $loop = New-Item (Join-Path $TestDrive loop) -ItemType Directory
        Copy-Item (Join-Path $folder a-pass.pkt) $loop
        New-Item (Join-Path $loop again) -ItemType SymbolicLink -Value $loop | Out-Null
        @(Invoke-TcpScript $loop).Count | Should -Be 1
    }

    It 'gives the same results in the same order however many run at once' {
        $scripts = Join-Path $repositoryRoot tests/scripts
        $one, $many = 1, 8 | ForEach-Object { , (Invoke-TcpScript $scripts -Trace -ThrottleLimit $_ | ForEach-Object { "$($_.Path) $_ $($_.Duration) $($_.Steps) $($_.Trace.Count)" }) }
        $one.Count | Should -BeGreaterThan 200
        $many | Should -Be $one
    }

    It 'runs as many at once as -ThrottleLimit says, and Ctrl-C ends it where a file does not' -Skip:(-not $IsLinux) {
        # Each pipe is read only while a script waits for it: the second one is written first, so that the first must wait meanwhile.
        $one, $two = 1, 2 | ForEach-Object { Join-Path $TestDrive "pipe$_.pkt" }
        mkfifo $one $two
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript('param($module, $paths, $limit) Import-Module $module; Invoke-TcpScript $paths -ThrottleLimit $limit').AddArgument($modulePath).AddArgument(@($one, $two)).AddArgument(2)
            $both = $shell.BeginInvoke()
            foreach ($pipe in $two, $one) {
                sh -c "timeout 30 sh -c `"echo '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3' > '$pipe'`""
                $LASTEXITCODE | Should -Be 0
            }

            $both.AsyncWaitHandle.WaitOne(30000) | Should -BeTrue
            $shell.EndInvoke($both).Verdict | Should -Be 'Pass', 'Pass'

            $shell.Commands.Clear()
            $null = $shell.AddScript('param($paths) Invoke-TcpScript $paths -ThrottleLimit 1').AddArgument(@($one, $two))
            $single = $shell.BeginInvoke()
            $single.AsyncWaitHandle.WaitOne(1000) | Should -BeFalse
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 0.5
        } finally {
            sh -c "timeout 5 sh -c `"echo > '$one'`"" # lets go who still waits
            $shell.Dispose()
        }
    }

    It 'shows its progress over many scripts' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript('param($module, $path) Import-Module $module; $watch = [System.Diagnostics.Stopwatch]::StartNew(); & { while ($watch.ElapsedMilliseconds -lt 1500) { Get-Item $path } } | Invoke-TcpScript').AddArgument($modulePath).AddArgument((Join-Path $repositoryRoot tests/scripts/timers/keep-alive.pkt)).Invoke()
            $shown = @($shell.Streams.Progress)
            $shown[0].Activity | Should -Be 'Running scripts'
            $shown[0].StatusDescription | Should -Match '^\d+ done, \d+ passed$'
            $shown[-1].RecordType | Should -Be 'Completed'
        } finally {
            $shell.Dispose()
        }
    }

    It 'ends within 0.5 s of Ctrl-C and keeps what was written' {
        $shell = [powershell]::Create()
        try {
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $null = $shell.AddScript('param($module, $path) Import-Module $module; Invoke-TcpScript (@($path) * 1000000)').AddArgument($modulePath).AddArgument((Join-Path $repositoryRoot tests/scripts/timers/keep-alive.pkt))
            $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            while ($output.Count -lt 10) {
                Start-Sleep -Milliseconds 10
            }

            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 0.5
            $running.IsCompleted | Should -BeTrue
            $output.Count | Should -BeGreaterOrEqual 10
            $output[0].Verdict | Should -Be 'Pass'
        } finally {
            $shell.Dispose()
        }
    }

    It 'ends within 0.5 s of Ctrl-C in the midst of one script' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript('param($module, $path) Import-Module $module; Invoke-TcpScript (@($path) * 100) -ThrottleLimit 1').AddArgument($modulePath).AddArgument($long)
            $null = $shell.BeginInvoke()
            Start-Sleep 1
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 0.5
        } finally {
            $shell.Dispose()
        }
    }

    It 'runs no command and touches no file' {
        $path = Join-Path $TestDrive evil.pkt
        $mark = Join-Path $TestDrive mark
        Set-Content $path "``touch $mark```n0 close(3) = -1"
        (Invoke-TcpScript $path).Verdict | Should -Be 'Unsupported'
        $mark | Should -Not -Exist
    }

    It 'shows a table of 80 columns' {
        $lines = (Invoke-TcpScript $folder -Define @{ SHIFT = 8 } | Out-String -Width 80).Trim() -split '\r?\n' | ForEach-Object TrimEnd
        $lines[0] | Should -Be 'Verdict       Duration Script                         Line Reason'
        $lines[2] | Should -Be 'Pass                1s a-pass.pkt'
    }
}
