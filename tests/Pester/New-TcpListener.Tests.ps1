BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'New-TcpListener -HttpFolder' {
    It 'serves the files of a folder, and nothing else' {
        New-TcpNetwork | Out-Null
        $folder = New-Item (Join-Path $TestDrive www) -ItemType Directory
        Set-Content (Join-Path $folder page.txt) 'a page' -NoNewline
        New-TcpListener 8080 -HttpFolder $folder | ForEach-Object { $_.Application.Name } | Should -Be 'Http'
        New-TcpConnection server:8080 | Send-TcpData "GET /page.txt HTTP/1.1`r`n`r`n" -PassThru | Receive-TcpData -ToEnd -AsText | Should -BeLike "HTTP/1.1 200 OK*a page"
        New-TcpConnection server:8080 | Send-TcpData "GET /other HTTP/1.1`r`n`r`n" -PassThru | Receive-TcpData -ToEnd -AsText | Should -BeLike 'HTTP/1.1 404 *'
    }

    It 'says that there is no such folder' {
        { New-TcpListener 8080 -HttpFolder (Join-Path $TestDrive nowhere) } | Should -Throw -ErrorId 'PathNotFound,TcpShell.Commands.NewTcpListenerCommand'
    }
}

Describe 'New-TcpListener -ScriptBlock' {
    BeforeEach { New-TcpNetwork | Out-Null }

    It 'answers each piece of data with what the script block gives' {
        New-TcpListener 8080 -ScriptBlock { param($Text, $Connection) "$($Connection.Id)"; $Text.ToUpper(); [byte[]] (33, 10) } | Out-Null
        $c = New-TcpConnection server:8080
        $server = Get-TcpConnection -HostName server -Port $c.Local.Port
        $c | Send-TcpData 'hello' -PassThru | Receive-TcpData -AsText | Should -Be "$($server.Id)HELLO!`n"
        $c | Send-TcpData 'again' -PassThru | Receive-TcpData -AsText | Should -Be "$($server.Id)AGAIN!`n"
        $c | Close-TcpConnection
        $c.State | Should -Be 'TimeWait'
    }

    It 'resets the connection of a script block that fails, and keeps the reason' {
        $listener = New-TcpListener 8080 -ScriptBlock { throw 'no answer' }
        $c = New-TcpConnection server:8080
        $c | Send-TcpData 'hello' -ErrorAction SilentlyContinue
        $c.Error | Should -Be 'Reset'
        $listener.Application.LastError.Message | Should -Be 'no answer'
        (New-TcpConnection server:8080).State | Should -Be 'Established'
    }
}
