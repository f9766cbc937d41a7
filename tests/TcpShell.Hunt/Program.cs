using TcpShell.Hunt.Commands;

Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

bool clean = options switch
{
    { Fuzz: true } => new FuzzCommand(options, Console.Out).Run(),
    { Seed: not null } or { Replay: not null } => ReplayCommand.Run(options, Console.Out),
    _ => new HuntCommand(options, Console.Out).Run(),
};
return clean ? 0 : 1;
