namespace TcpShell.RfcCoverage;

/// <summary>Requirements, the code that implements them and the tests that prove it, joined by id.</summary>
public sealed class Coverage
{
    private readonly List<string> _malformed = [];
    private readonly ILookup<string, Mention> _code;
    private readonly ILookup<string, Mention> _tests;

    /// <summary>Reads requirements, code and tests.</summary>
    /// <param name="root">The root of the repository.</param>
    public Coverage(string root)
    {
        Catalog = Catalog.Read(root);
        _code = Scanner.TagsInCode(root, _malformed).ToLookup(mention => mention.Id);
        _tests = Scanner.Proofs(root).ToLookup(mention => mention.Id);
    }

    /// <summary>The requirements.</summary>
    public Catalog Catalog { get; }

    /// <summary>Where an id is implemented.</summary>
    /// <param name="id">The id.</param>
    public IEnumerable<Mention> CodeOf(string id) => _code[id];

    /// <summary>What proves an id.</summary>
    /// <param name="id">The id.</param>
    public IEnumerable<Mention> TestsOf(string id) => _tests[id];

    /// <summary>Why an id is not implemented; null if it is, or should be.</summary>
    /// <param name="id">The id.</param>
    public string? ReasonWhyNot(string id) => Catalog.ReasonsWhyNot.GetValueOrDefault(id);

    /// <summary>Whether code and a test name the id.</summary>
    /// <param name="id">The id.</param>
    public bool IsCovered(string id) => _code.Contains(id) && _tests.Contains(id);

    /// <summary>Everything that is wrong, one line each; none where all is well.</summary>
    public IEnumerable<string> Problems() =>
        [.. _malformed, .. Unknown(_code, "code"), .. Unknown(_tests, "tests"), .. UnknownReasons(), .. OpenRequirements(), .. OpenPhenomena()];

    private IEnumerable<string> Unknown(ILookup<string, Mention> mentions, string where) =>
        from mention in mentions.SelectMany(sameId => sameId)
        where !Catalog.Ids.Contains(mention.Id)
        select $"{mention.Id}: unknown id in {where}, {mention}.";

    private IEnumerable<string> UnknownReasons() =>
        from id in Catalog.ReasonsWhyNot.Keys
        where !Catalog.Ids.Contains(id)
        select $"{id}: unknown id in not-implemented.tsv.";

    private IEnumerable<string> OpenRequirements()
    {
        foreach (Requirement requirement in Catalog.Requirements)
        {
            string id = requirement.Id;
            string what = $"{id} ({requirement.Level}, RFC {requirement.Rfc} {requirement.Section}: {requirement.Statement})";
            if (ReasonWhyNot(id) is not null)
            {
                if (_code.Contains(id) || _tests.Contains(id))
                {
                    yield return $"{what}: said to be not implemented, but {_code[id].Concat(_tests[id]).First()} names it.";
                }
            }
            else if (!_code.Contains(id))
            {
                yield return $"{what}: no code is tagged with it{(_tests.Contains(id) ? "" : ", and no test proves it")}.";
            }
            else if (!_tests.Contains(id))
            {
                yield return $"{what}: no test proves it. Code: {_code[id].First()}.";
            }
        }
    }

    private IEnumerable<string> OpenPhenomena() =>
        from phenomenon in Catalog.Phenomena
        where !_tests.Contains(phenomenon.Id) && ReasonWhyNot(phenomenon.Id) is null
        select $"{phenomenon.Id} ({phenomenon.Name}): no test shows it.";
}
